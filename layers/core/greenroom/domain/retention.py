"""When what is kept of an interview must go: days by kind of data, counted from the end of the procedure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from greenroom.domain.interview import InterviewState

if TYPE_CHECKING:
    from greenroom.domain.policy import Retention

DataKind = Literal["recordings", "reports", "personal"]
"""What is recorded; what was found in it (reports, scores, evaluations); everything, with the person's own row.

Identity pictures have a time of their own, counted from when they were taken.
"""
DATA_KINDS: tuple[DataKind, ...] = get_args(DataKind)

PREFIXES: dict[DataKind, tuple[str, ...]] = {
    "recordings": ("uploads", "recordings", "probes"),
    "reports": ("reports",),
    "personal": (),
}
"""What of the store goes with each kind; `personal` is erased as a whole."""

CLOSED = frozenset({InterviewState.DECIDED, InterviewState.CANCELLED, InterviewState.EXPIRED})


def ended_at(state: InterviewState, changed_at: datetime, deadline: datetime) -> datetime:
    """The end of the procedure: the decision, the cancellation, the deadline that was missed.

    Of an interview on which nobody decides it is the later of its deadline and its last change of state: data must
    not be kept because nobody pressed a button (GDPR art. 5(1)(e), PIPL art. 19).
    """
    return changed_at if state in CLOSED else max(changed_at, deadline)


def due_at(retention: Retention, ended: datetime) -> dict[DataKind, datetime]:
    """When each kind must be gone."""
    days: dict[DataKind, int] = {
        "recordings": retention.recordings_days,
        "reports": retention.reports_days,
        "personal": retention.personal_days,
    }
    return {kind: ended + timedelta(days=count) for kind, count in days.items()}
