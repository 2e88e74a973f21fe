"""Takes up answers that were assembled and not checked: a notification was lost, or a machine was."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.quality_check.check import check
from greenroom.domain.errors import GreenroomError
from greenroom.domain.interview import AnswerState

if TYPE_CHECKING:
    from functions.quality_check.settings import Settings
    from greenroom.runtime.function import Function

AT_ONCE = 20


def check_stale(app: Function[Settings]) -> None:
    """Check the answers that wait longest, as many as the sweep's time allows; one failure stops no other."""
    settings = app.settings.quality
    ends = time.monotonic() + settings.sweep_s
    with app.database.begin() as tx:
        before = tx.clock() - timedelta(seconds=settings.stale_s)
        stale = tx.interviews.stale(AnswerState.ASSEMBLED, before, AT_ONCE)
    for ref in stale:
        if time.monotonic() > ends:
            break
        log = app.logger.bind(interview=ref.interview, answer=ref.answer, attempt=ref.attempt)
        try:
            check(ref, app)
        except GreenroomError as error:
            log.warning("sweep_failed", code=error.code, detail=error.detail)
        except Exception:  # a fault of ours: the others still get their turn
            log.exception("sweep_failed")
        else:
            log.info("swept")
