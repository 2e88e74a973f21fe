"""The decision on an interview: made by people, with a reason, changed only by another one."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import StringConstraints

from greenroom.domain.errors import Conflict
from greenroom.domain.interview import SETTLED, AnswerState, InterviewState
from greenroom.domain.model import Document
from greenroom.domain.policy import Policy

Outcome = Literal["hire", "advance", "reject"]
"""录用: an offer is made; 进入下一轮: another step follows; 不予录用."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

DECIDABLE = frozenset(
    {
        InterviewState.SUBMITTED,
        InterviewState.SCORED,
        InterviewState.HUMAN_REVIEW,
        InterviewState.DECIDED,
    }
)
"""Also while the scoring waits for a notice: people need no software to decide."""


class Decision(Document):
    """`reason` is for the process log, the EHR and later questions; the candidate is not shown it."""

    outcome: Outcome
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


def check_decidable(
    state: InterviewState,
    answers: list[AnswerState],
    decision: Decision,
    policy: Policy,
    reviews: int,
) -> None:
    """`reviews`: evaluations that people have submitted.

    Raises `Conflict`: `interview_not_decidable` before the interview is complete, `human_review_needed` for a
    refusal under a policy that wants a person to have evaluated the interview.
    """
    in_work = state == InterviewState.SUBMITTED and any(one not in SETTLED for one in answers)
    if state not in DECIDABLE or in_work:
        raise Conflict(f"the interview is {state}", code="interview_not_decidable", state=state)
    if decision.outcome == "reject" and policy.human_review and not reviews:
        raise Conflict(
            f"policy {policy.id} wants a person's evaluation before a refusal",
            code="human_review_needed",
        )
