"""When a candidate may record: the checks that every route of an attempt shares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenroom.domain.errors import Conflict, Forbidden, NotFound
from greenroom.domain.interview import RECORDABLE, AnswerState, InterviewState, can_take
from greenroom.domain.keys import AttemptRef
from greenroom.runtime.http import Request

if TYPE_CHECKING:
    from greenroom.adapters.database import AnswerRow, InterviewRow, Transaction

MAX_ATTEMPTS = 999
"""Attempts at one answer, sealed or not: keys have room for three digits."""

_NUMBER = re.compile(r"^[1-9][0-9]{0,2}$")


def attempt_in(request: Request) -> AttemptRef:
    """The attempt that the path names, always in the asking candidate's own interview.

    Raises `NotFound` (`unknown_attempt`).
    """
    number = request.params["attempt"]
    if _NUMBER.match(number) is None:
        raise NotFound(f"no attempt {number[:20]!r}", code="unknown_attempt")
    return AttemptRef(request.who.id, request.params["answer"], int(number))


def check_open(tx: Transaction, interview: InterviewRow) -> None:
    """Raises `Conflict` (`interview_not_open`) and `Forbidden` (`consent_missing`)."""
    if interview.state not in RECORDABLE:
        raise Conflict(
            f"nothing can be recorded: the interview is {interview.state}",
            code="interview_not_open",
            state=interview.state,
        )
    consents = tx.interviews.consents(interview.id)
    if consents is None or not consents.recording:
        raise Forbidden("consent to recording was not given", code="consent_missing")


def check_deadline(tx: Transaction, interview: InterviewRow) -> None:
    """Raises `Conflict` (`deadline_passed`)."""
    if tx.clock() >= interview.deadline:
        raise Conflict(
            f"the deadline was {interview.deadline:%Y-%m-%d %H:%M} UTC",
            code="deadline_passed",
            deadline=interview.deadline.isoformat(),
        )


def check_wanted(answer: AnswerRow) -> None:
    """Raises `Conflict` (`answer_skipped`); what was recorded before it was skipped may still be sealed."""
    if answer.state == AnswerState.SKIPPED:
        raise Conflict("this follow-up was skipped", code="answer_skipped")


def check_take(interview: InterviewRow, answer: AnswerRow) -> None:
    """Whether one more take of this answer counts.

    Raises `Conflict`: `not_asked_again` (another answer is to be recorded again, this one is in),
    `no_takes_left`.
    """
    asked = answer.state in (AnswerState.RE_RECORD, AnswerState.RECORDING)
    if interview.state == InterviewState.RE_RECORD and not asked:
        raise Conflict("this answer need not be given again", code="not_asked_again")
    takes = interview.plan.template.question(answer.answer_id).takes
    if not can_take(answer.state, answer.seals, takes):
        raise Conflict(f"all {takes} takes of this answer are used", code="no_takes_left")
