"""Takes up what was checked and not analysed, finished and not scored, or withdrawn and not forgotten."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from functions.analysis.analyse import analyse
from functions.analysis.score import score_if_complete
from functions.analysis.withdrawal import forget
from greenroom.domain.interview import AnswerState
from greenroom.runtime.sweeping import AT_ONCE, attempt, sweep_answers

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.runtime.function import Function


def sweep(app: Function[Settings]) -> None:
    """Forget, then score, then analyse, what waits longest, as much as the sweep's time allows."""
    limits = app.settings.analysis
    with app.database.begin() as tx:
        before = tx.clock() - timedelta(seconds=limits.stale_s)
        withdrawn = tx.interviews.withdrawals(before, AT_ONCE)
        unscored = tx.unscored.find(before, AT_ONCE)
    for interview in withdrawn:
        attempt(app, partial(forget, interview, app), interview=interview)
    for interview in unscored:
        attempt(app, partial(score_if_complete, interview, app), interview=interview)
    sweep_answers(app, AnswerState.CHECKED, lambda ref: analyse(ref, app, last_try=True), limits)
