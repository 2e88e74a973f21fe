"""Takes up what was checked and not analysed, or finished and not scored: a notification was lost, or a machine was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from functions.analysis.analyse import analyse
from functions.analysis.score import score_if_complete
from greenroom.domain.errors import GreenroomError
from greenroom.domain.interview import AnswerState

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.runtime.function import Function

AT_ONCE = 20


def sweep(app: Function[Settings]) -> None:
    """Analyse and score what waits longest, as much as the sweep's time allows; one failure stops no other."""
    settings = app.settings.analysis
    ends = time.monotonic() + settings.sweep_s
    with app.database.begin() as tx:
        before = tx.clock() - timedelta(seconds=settings.stale_s)
        stale = tx.interviews.stale(AnswerState.CHECKED, before, AT_ONCE)
        unscored = tx.interviews.unscored(before, AT_ONCE)
    for interview_id in unscored:
        _attempt(app, interview_id, partial(score_if_complete, interview_id, app))
    for ref in stale:
        if time.monotonic() > ends:
            break
        _attempt(app, ref.interview, partial(analyse, ref, app, last_try=True))


def _attempt(app: Function[Settings], interview_id: str, run: Callable[[], None]) -> None:
    log = app.logger.bind(interview=interview_id)
    try:
        run()
    except GreenroomError as error:
        log.warning("sweep_failed", code=error.code, detail=error.detail)
    except Exception:  # a fault of ours: the others still get their turn
        log.exception("sweep_failed")
    else:
        log.info("swept")
