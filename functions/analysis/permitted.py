"""What of an analysis may be kept under the consents that hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.analysis import Analysis, ModuleResult

if TYPE_CHECKING:
    from greenroom.domain.consent import Consents
    from greenroom.runtime.analysis_modules import Modules


def permitted(analysis: Analysis, consents: Consents, modules: Modules) -> Analysis:
    """The analysis without the results that lack a consent; each says why nothing was measured."""
    kept = [_result(result, consents, modules) for result in analysis.modules]
    return analysis.model_copy(update={"modules": kept})


def _result(result: ModuleResult, consents: Consents, modules: Modules) -> ModuleResult:
    if result.status != "ok":
        return result
    refusal = modules.refusal(result.module, consents)
    if refusal is None:
        return result
    return ModuleResult(
        module=result.module, status="not_measured", code=refusal.code, reason=str(refusal)
    )
