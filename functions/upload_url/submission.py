"""Submitting an interview once every answer is in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.errors import Conflict
from greenroom.domain.events import EventType
from greenroom.domain.interview import RECORDABLE, InterviewState, still_owed
from greenroom.domain.message import RECEIVED
from greenroom.domain.model import Document
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.upload_url.settings import Settings
    from greenroom.adapters.database import InterviewRow, Transaction
    from greenroom.runtime.function import Function

_AFTER = (InterviewState.SCORED, InterviewState.HUMAN_REVIEW, InterviewState.DECIDED)


class Submission(Document):
    """uploads/{interview}/submission.json: the candidate is done."""

    interview: str
    submitted_at: datetime


def submit(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/submission``: 202; again, the same 202.

    Raises `Conflict`: `answers_missing` (with `answers`), `interview_not_open`. The deadline does not matter
    here: who has given every answer in time need not hurry to say so.
    """
    interview_id = request.who.id
    with app.changes() as tx:
        interview = tx.interviews.get(interview_id)
        if interview.state in RECORDABLE:
            _submit(tx, interview)
            interview = tx.interviews.get(interview_id)
    submitted_at = interview.submitted_at
    if submitted_at is None or interview.state not in (InterviewState.SUBMITTED, *_AFTER):
        raise Conflict(
            f"nothing to submit: the interview is {interview.state}",
            code="interview_not_open",
            state=interview.state,
        )
    document = Submission(interview=interview_id, submitted_at=submitted_at)
    if interview.state == InterviewState.SUBMITTED:
        # Also when it was submitted before: a kill may have come between the row and the object.
        app.store.put(keys.submission(interview_id), document.canonical())
    return Response.json(document, 202)


def _submit(tx: Transaction, interview: InterviewRow) -> None:
    answers = tx.interviews.answers(interview.id)
    states = {item.answer_id: item.state for item in answers}
    follow_ups = interview.plan.follow_ups
    missing = still_owed(interview.state, states, follow_ups)
    if missing:
        raise Conflict(
            f"not answered yet: {', '.join(missing)}", code="answers_missing", answers=missing
        )
    if tx.interviews.move(interview.id, InterviewState.SUBMITTED):
        # Nothing waits for them any more; scoring would, for an answer that is still open.
        for skipped in tx.interviews.skip_answers(interview.id, follow_ups):
            details = {
                "answer": skipped,
                "follows": follow_ups[skipped].follows,
                "by": "submission",
            }
            tx.process_log.append(interview.id, EventType.FOLLOW_UP_SKIPPED, details)
        tx.process_log.append(interview.id, EventType.INTERVIEW_SUBMITTED)
        tx.mails.queue_next(interview.id, RECEIVED)
