"""Sweeps: take up what has an input and no output, because a notification or a machine was lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from greenroom.domain.errors import GreenroomError

if TYPE_CHECKING:
    from greenroom.domain.interview import AnswerState
    from greenroom.domain.keys import AttemptRef
    from greenroom.runtime.function import Function

AT_ONCE = 20


class SweepLimits(Protocol):
    """`stale_s`: seconds after which something counts as stuck; `sweep_s`: seconds that one sweep may spend."""

    @property
    def stale_s(self) -> int: ...
    @property
    def sweep_s(self) -> int: ...


def sweep_answers(
    app: Function[Any],
    state: AnswerState,
    run: Callable[[AttemptRef], None],
    limits: SweepLimits,
) -> None:
    """`run` the answers that sit in `state` the longest, as many as the time allows; one failure stops no other."""
    ends = time.monotonic() + limits.sweep_s
    with app.database.begin() as tx:
        before = tx.clock() - timedelta(seconds=limits.stale_s)
        stale = tx.interviews.stale(state, before, AT_ONCE)
    for ref in stale:
        if time.monotonic() > ends:
            break
        names = {"interview": ref.interview, "answer": ref.answer, "attempt": ref.attempt}
        attempt(app, lambda ref=ref: run(ref), **names)  # type: ignore[misc]


def attempt(app: Function[Any], run: Callable[[], None], **names: object) -> None:
    """Run one piece of a sweep; its failure is logged under `names`, so that the others still get their turn."""
    log = app.logger.bind(**names)
    try:
        run()
    except GreenroomError as error:
        log.warning("sweep_failed", code=error.code, detail=error.detail)
    except Exception:  # a fault of ours, logged whole: the others still get their turn
        log.exception("sweep_failed")
    else:
        log.info("swept")
