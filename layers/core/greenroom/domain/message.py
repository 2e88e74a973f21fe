"""Messages to candidates by mail, and when each may still be sent; each names a folder of `email_templates`."""

from __future__ import annotations

from datetime import datetime

from greenroom.domain.decision import OUTCOMES, Outcome
from greenroom.domain.interview import AWAITED, InterviewState

DEADLINE_MISSED = "deadline_missed"
RECEIVED = "received"
"""已收到: every answer has arrived, and what happens next."""


CANCELLED = "invitation_cancelled"
"""面试取消: to who was invited, so that the entry leaves the calendar."""


ASSIGNED = "interviewer_assigned"
READY = "interviewer_ready"
TO_INTERVIEWERS = frozenset({ASSIGNED, READY})
"""面试官通知: an interview is theirs, and it can be evaluated."""


def result_of(outcome: Outcome) -> str:
    """The message that tells a candidate of the decision 结果通知."""
    return f"result_{outcome}"


RESULTS = frozenset(map(result_of, OUTCOMES))
AFTERWARDS = RESULTS | {RECEIVED, CANCELLED}
"""What is told when nothing has to be done by a time."""
AT_ANY_HOUR = frozenset({"invitation_created", RECEIVED})
"""HR has chosen the hour of the one, the candidate that of the other; everything else waits for the day."""

_HANDED_IN = frozenset(
    {
        InterviewState.SUBMITTED,
        InterviewState.SCORED,
        InterviewState.HUMAN_REVIEW,
        InterviewState.DECIDED,
    }
)


def unsendable_to_interviewer(message: str, state: InterviewState, *, assigned: bool) -> str | None:
    """Why an interviewer is not to be told any more; None where it may be."""
    if not assigned:
        return "not sent: the interviewer is no longer assigned"
    over = {InterviewState.CANCELLED, InterviewState.EXPIRED, InterviewState.DECIDED}
    if state in over or (message == READY and state not in _HANDED_IN):
        return f"not sent: the interview is {state}"
    return None


def unsendable(
    message: str, state: InterviewState, deadline: datetime, now: datetime
) -> str | None:
    """Why a message is not to be sent any more; None where it may be."""
    if message in RESULTS:
        fits = state == InterviewState.DECIDED
    elif message == RECEIVED:
        fits = state in _HANDED_IN
    elif message == CANCELLED:
        fits = state == InterviewState.CANCELLED
    else:
        fits = state in AWAITED
    if not fits:
        return f"not sent: the interview is {state}"
    if state in AWAITED and deadline <= now and message != DEADLINE_MISSED:
        return "not sent: the deadline has passed"
    return None
