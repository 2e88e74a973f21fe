"""Deletes what is past its time by the policy of its interview, and says so in the process log."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from functions.retention.erase import erasing
from greenroom.domain.events import EventType
from greenroom.domain.retention import PREFIXES
from greenroom.runtime.erasing import SYSTEM, ask
from greenroom.runtime.sweeping import attempt

if TYPE_CHECKING:
    from functions.retention.settings import Settings
    from greenroom.adapters.database import Disposal
    from greenroom.runtime.function import Function

AT_ONCE = 100
BUDGET_S = 600
"""Seconds after which no further hundred is begun: the function may run 900. The next hour goes on."""


def dispose_of_due(app: Function[Settings]) -> None:
    """Plan what has ended since the last time; delete what is due, the longest due first, as far as the time allows."""
    ends = time.monotonic() + BUDGET_S
    planned = AT_ONCE
    while planned == AT_ONCE and time.monotonic() < ends:
        with app.database.begin() as tx:
            planned = tx.disposals.plan(AT_ONCE)
    last = None
    while time.monotonic() < ends:
        with app.database.begin() as tx:
            due = tx.disposals.due(AT_ONCE, last)
        for one in due:
            attempt(app, partial(dispose, one, app), interview=one.interview_id, kind=one.kind)
        if len(due) < AT_ONCE:
            return
        last = due[-1]


def dispose(disposal: Disposal, app: Function[Settings]) -> None:
    """Delete one kind of an interview's data. Killed on the way, the next run deletes what is left and notes it.

    Nothing is deleted that is under legal hold, or of an interview that has gone on since it was planned.
    """
    with app.database.begin() as tx:
        if not tx.disposals.still_due(disposal):
            return
        if disposal.kind == "personal":
            candidate = tx.interviews.get(disposal.interview_id).candidate_external_id
            ask(tx, candidate, SYSTEM, "retention", [disposal.interview_id])
            return  # the sweep erases it
    erasing(app).empty([disposal.interview_id], PREFIXES[disposal.kind])
    with app.changes() as tx:
        if not tx.disposals.still_due(disposal):
            return
        policy = tx.disposals.done(disposal)
        if policy is None:
            return
        if disposal.kind == "reports":
            tx.interviews.forget_scores(disposal.interview_id)
            tx.disposals.forget_evaluations(disposal.interview_id)
        details = {"kind": disposal.kind, "policy": policy.whole_id}
        tx.process_log.append(disposal.interview_id, EventType.DATA_DELETED, details)
