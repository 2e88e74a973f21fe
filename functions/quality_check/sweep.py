"""Takes up answers that were assembled and not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.quality_check.check import check
from greenroom.domain.interview import AnswerState
from greenroom.runtime.sweeping import sweep_answers

if TYPE_CHECKING:
    from functions.quality_check.settings import Settings
    from greenroom.runtime.function import Function


def check_stale(app: Function[Settings]) -> None:
    """Check the answers that wait longest, as many as the sweep's time allows."""
    sweep_answers(app, AnswerState.ASSEMBLED, lambda ref: check(ref, app), app.settings.quality)
