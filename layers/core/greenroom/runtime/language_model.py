"""The company's own language model, where one is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.adapters.language_model import LanguageModel

if TYPE_CHECKING:
    from greenroom.runtime.settings import LanguageModelSettings


def configured_model(
    settings: LanguageModelSettings | None, *, at_most_s: float = 60
) -> LanguageModel | None:
    """The endpoint, given at most `at_most_s` seconds for one question; None where none is configured."""
    if settings is None:
        return None
    key = settings.api_key.get_secret_value() if settings.api_key else None
    timeout_s = min(settings.timeout_s, at_most_s)
    return LanguageModel(settings.url, settings.model, api_key=key, timeout_s=timeout_s)
