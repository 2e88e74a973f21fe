"""Scores an interview once it is submitted and nothing in the pipeline works on its answers any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.errors import Unavailable
from greenroom.domain.events import EventType
from greenroom.domain.interview import NEEDS_RE_RECORD, SETTLED, AnswerState, InterviewState
from greenroom.domain.message import READY
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.scoring import score_interview
from greenroom.runtime.scored_answers import scored_answers
from greenroom.runtime.standing import record_standing

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.adapters.database import AnswerRow, InterviewRow, Transaction
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function

_OPEN = frozenset({InterviewState.SUBMITTED, InterviewState.RE_RECORD})


def score_submitted(key: str, app: Function[Settings]) -> None:
    """Score the interview that `key` says was submitted. Raises what `score_if_complete` raises, `Invalid`."""
    interview_id = keys.interview_of(key)
    if key != keys.submission(interview_id):
        raise keys.invalid_key(key)
    score_if_complete(interview_id, app)


def score_if_complete(interview_id: str, app: Function[Settings]) -> None:
    """Write scorecard.json and move the interview on, when every answer is settled; else do nothing.

    Of several callers at once all write the same bytes and one moves the interview. A scorecard over the usable
    answers is also made while others are to be recorded again; without consent to scoring by software none is,
    and none before the notice that the policy demands has run out: the sweep comes back then.

    Raises `Unavailable` (store, database, `answers_changed`, `consents_changed`, `withdrawal_pending`),
    `NotFound`, `Invalid`.
    """
    with app.database.begin() as tx:
        interview = tx.interviews.get(interview_id)
        answers = tx.interviews.answers(interview_id)
        consents = tx.interviews.consents(interview_id) or NO_CONSENTS
        forgetting = tx.interviews.withdrawal(interview_id)
        waits_until = _waits_until(tx, interview) if consents.scorable else None
    if interview.state not in _OPEN or any(answer.state not in SETTLED for answer in answers):
        return
    if forgetting is not None:
        raise Unavailable(
            f"observations of {interview_id} are being forgotten", code="withdrawal_pending"
        )
    scorecard = None
    if consents.scorable and waits_until is None:
        scorecard = _scorecard(interview, answers, app.store)
        app.store.put(keys.scorecard(interview_id), scorecard.canonical())
    else:
        app.store.delete(keys.scorecard(interview_id), every_version=True)
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        if tx.interviews.answers(interview_id) != answers:
            raise Unavailable(
                f"answers of {interview_id} changed while it was scored", code="answers_changed"
            )
        if (tx.interviews.consents(interview_id) or NO_CONSENTS) != consents:
            raise Unavailable(
                f"the consents to {interview_id} changed while it was scored",
                code="consents_changed",
            )
        _record(tx, interview, answers, scorecard, waits_until)


def _scorecard(interview: InterviewRow, answers: list[AnswerRow], store: ObjectStore) -> Scorecard:
    scored = scored_answers(interview, answers, store)
    return score_interview(interview.id, interview.plan.model, interview.plan.mapping, scored)


def _waits_until(tx: Transaction, interview: InterviewRow) -> datetime | None:
    """When the notice has run out that software will score; None where nothing is to be waited for.

    It begins when the candidate was told: by the invitation, or where that never arrived by the opened link.
    """
    notice = interview.plan.policy.notice
    if notice is None or not notice.days:
        return None
    told = tx.unscored.noticed_at(interview.id) or interview.created_at
    until = told + timedelta(days=notice.days)
    return until if tx.clock() < until else None


def _record(
    tx: Transaction,
    interview: InterviewRow,
    answers: list[AnswerRow],
    scorecard: Scorecard | None,
    waits_until: datetime | None,
) -> None:
    interview_id = interview.id
    if scorecard is not None:
        record_standing(tx, interview, scorecard)
    again = [
        answer.answer_id
        for answer in answers
        if answer.state == AnswerState.RE_RECORD
        and answer.answer_id not in interview.plan.follow_ups
    ]
    if again:
        if tx.interviews.move(interview_id, InterviewState.RE_RECORD):
            tx.interviews.set_flag(interview_id, NEEDS_RE_RECORD)
            tx.process_log.append(interview_id, EventType.INTERVIEW_RE_RECORD, {"answers": again})
    elif waits_until is not None:
        if tx.unscored.wait(interview_id, waits_until):
            details = {"until": waits_until.isoformat(), "policy": interview.plan.policy.whole_id}
            tx.process_log.append(interview_id, EventType.SCORING_POSTPONED, details)
    elif scorecard is None:
        if tx.interviews.move(interview_id, InterviewState.HUMAN_REVIEW):
            tx.interviews.clear_flag(interview_id, NEEDS_RE_RECORD)
            tx.process_log.append(
                interview_id, EventType.INTERVIEW_HUMAN_REVIEW, {"reason": "ai_scoring_declined"}
            )
            tx.mails.queue_to(interview_id, READY, tx.interviewers.of(interview_id))
    elif tx.interviews.move(interview_id, InterviewState.SCORED):
        tx.interviews.clear_flag(interview_id, NEEDS_RE_RECORD)
        total = scorecard.total
        scored = {"status": total.status, "total": total.score, "coverage": total.coverage}
        tx.process_log.append(interview_id, EventType.INTERVIEW_SCORED, scored)
        tx.mails.queue_to(interview_id, READY, tx.interviewers.of(interview_id))
