"""The analysis modules that are installed, each tested on its golden input before it is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.domain.analysis import (
    ENTRY_POINTS,
    AnalysisModule,
    Findings,
    InferringModule,
    InformedModule,
    ModuleResult,
    NotMeasured,
    in_order,
    is_version,
)
from greenroom.domain.asked import Asked
from greenroom.domain.consent import ANALYSED, Consents
from greenroom.domain.errors import GreenroomError
from greenroom.domain.policy import Policy
from greenroom.domain.template import TrackName

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Loader = Callable[[], Callable[[], AnalysisModule]]
"""Imports a module's class."""

_PURPOSES = {"recording": "recording", "transcript": "transcription", "face": "face analysis"}


class SelfTestFailed(Exception):
    """The module did not find in its golden input what is there: what else it finds is worth nothing."""


class ForbiddenInference(Exception):
    """A module brought what the policy forbids; nothing of its result is kept."""


class Modules:
    """Modules by name. One object lives as long as its process, so each self-test runs once."""

    def __init__(self, loaders: Mapping[str, Loader], log: FilteringBoundLogger) -> None:
        self._loaders = loaders
        self._log = log
        self._loaded: dict[str, AnalysisModule] = {}
        self._faults: dict[str, str | None] = {}

    def version(self, name: str) -> str | None:
        """The version of the installed module `name`, None where it is not installed."""
        if name not in self._loaders:
            return None
        return self._module(name).version

    def tracks(self, names: Iterable[str], consents: Consents) -> set[TrackName]:
        """The tracks that the modules `names` will look at."""
        wanted: set[TrackName] = set()
        for name in names:
            # Whatever keeps a module from running, `run` meets it again and reports it.
            with suppress(Exception):
                wanted.update(self._allowed(name, consents).tracks)
        return wanted

    def run(
        self,
        name: str,
        recordings: Mapping[TrackName, Path],
        consents: Consents,
        policy: Policy,
        asked: Asked,
        *,
        pinned: str | None = None,
        last_try: bool,
    ) -> ModuleResult:
        """What the module `name` finds in the answer to what was `asked`, or why nothing; its failure is its own.

        Another version than the one that is `pinned` does not look.

        What `policy` forbids is neither computed nor, should a module bring it all the same, kept.

        Raises an error that another try may mend (a full disk, a timeout), unless this is the `last_try`.
        """
        result = ModuleResult(module=name, status="not_measured")
        try:
            module = self._allowed(name, consents)
            if pinned is not None and not is_version(module.version, pinned):
                raise NotMeasured(
                    f"{name} {module.version} is installed, and the template is pinned to {pinned}",
                    code="module_version_differs",
                )
            missing = [track for track in module.tracks if track not in recordings]
            if missing:
                raise NotMeasured(f"there is no {missing[0]} recording", code="no_track")
            self._test(name, module)
            result = _with(result, version=module.version, model_digest=module.model_digest())
            withheld = _withheld(module, policy)
            result = _with(result, withheld=withheld)
            found = _findings(module, recordings, policy, asked, withheld)
        except NotMeasured as reason:
            return _with(result, code=reason.code, reason=str(reason))
        except Exception as error:
            if _mendable(error) and not last_try:
                raise
            self._log.exception("module_failed", module=name)
            return _with(result, status="failed", code="module_failed", reason=_short(error))
        return _with(
            result,
            status="ok",
            observations=in_order(found.observations),
            waveform=found.waveform,
            transcript=found.transcript,
        )

    def refusal(self, name: str, consents: Consents) -> NotMeasured | None:
        """Why nothing that the module `name` found may be kept; None where it may.

        What consent a module needs that is not installed any more, nobody can tell: it may be kept while
        everything is agreed to.
        """
        if all(consents.allows(purpose) for purpose in ANALYSED):
            return None
        try:
            self._allowed(name, consents)
        except NotMeasured as reason:
            return reason
        return None

    def _allowed(self, name: str, consents: Consents) -> AnalysisModule:
        """The module, loaded. Raises `NotMeasured` when it is not installed or its purpose was declined."""
        if name not in self._loaders:
            raise NotMeasured(f"module {name} is not installed", code="module_not_installed")
        if not consents.scorable:
            raise NotMeasured("no consent to scoring by software was given", code="no_consent")
        module = self._module(name)
        if not consents.allows(module.purpose):
            declined = _PURPOSES[module.purpose]
            raise NotMeasured(f"no consent to {declined} was given", code="no_consent")
        return module

    def _module(self, name: str) -> AnalysisModule:
        if name not in self._loaded:
            self._loaded[name] = self._loaders[name]()()
        return self._loaded[name]

    def _test(self, name: str, module: AnalysisModule) -> None:
        if name not in self._faults:
            try:
                module.self_test()
                self._faults[name] = None
            except NotMeasured:
                raise  # nothing failed, and what is missing may be there next time
            except Exception as error:
                if _mendable(error):
                    raise
                self._log.exception("self_test_failed", module=name)
                self._faults[name] = _short(error)
        fault = self._faults[name]
        if fault is not None:
            raise SelfTestFailed(f"self-test: {fault}")


@cache
def installed() -> Modules:
    """The modules of the layers that are installed beside this function."""
    from greenroom.runtime.logs import logger

    found = entry_points(group=ENTRY_POINTS)
    return Modules({point.name: point.load for point in found}, logger("analysis"))


def _withheld(module: AnalysisModule, policy: Policy) -> list[str]:
    """The kinds that this module could observe and must not."""
    if not isinstance(module, InferringModule):
        return []
    inferred = module.inferences.items()
    return sorted(kind for kind, inference in inferred if inference in policy.forbidden)


def _findings(
    module: AnalysisModule,
    recordings: Mapping[TrackName, Path],
    policy: Policy,
    asked: Asked,
    withheld: list[str],
) -> Findings:
    if isinstance(module, InferringModule):
        found = Findings(module.observe_without(recordings, frozenset(policy.forbidden)))
    elif isinstance(module, InformedModule):
        found = module.findings(recordings, asked)
    else:
        found = Findings(module.observe(recordings))
    brought = sorted({item.kind for item in found.observations} & set(withheld))
    if brought:
        raise ForbiddenInference(f"policy {policy.id} forbids {', '.join(brought)}")
    return found


def _with(result: ModuleResult, **changes: object) -> ModuleResult:
    return ModuleResult.model_validate(result.model_dump() | changes)


def _mendable(error: Exception) -> bool:
    return isinstance(error, GreenroomError) and not error.permanent


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
