"""What HR does to one interview: cancel, remind, extend the deadline, ask one answer again.

Each may be repeated: what already is so is answered as it is, without another step in the process log. An
`Idempotency-Key` makes sure that a repeated request is recognised whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.console.api import summary
from greenroom.domain.errors import Conflict, Invalid
from greenroom.domain.events import EventType
from greenroom.domain.intervention import NewDeadline, Note
from greenroom.domain.interview import (
    AWAITED,
    INVITATION,
    NEEDS_RE_RECORD,
    AnswerState,
    InterviewState,
)
from greenroom.domain.keys import AttemptRef
from greenroom.domain.message import CANCELLED
from greenroom.runtime.http import Principal, Request, Response
from greenroom.runtime.idempotency import Once, idempotent

if TYPE_CHECKING:
    from datetime import datetime

    from functions.console.settings import Settings
    from greenroom.adapters.database import AnswerRow, InterviewRow, Transaction
    from greenroom.runtime.function import Function

    Action = Callable[[Transaction, InterviewRow], bool]

_ASKABLE = frozenset({AnswerState.ASSEMBLED, AnswerState.CHECKED, AnswerState.ANALYSED})
_GIVEN = frozenset(
    {
        InterviewState.IN_PROGRESS,
        InterviewState.SUBMITTED,
        InterviewState.RE_RECORD,
        InterviewState.SCORED,
        InterviewState.HUMAN_REVIEW,
    }
)


def cancel(request: Request, app: Function[Settings]) -> Response:
    """``POST …/cancel``: nothing more is recorded or sent.

    Raises `Conflict` (`interview_closed`) once it was submitted or has expired.
    """
    note = _note(request)

    def act(tx: Transaction, row: InterviewRow) -> bool:
        if row.state == InterviewState.CANCELLED:
            return False
        if not tx.interviews.move(row.id, InterviewState.CANCELLED):
            raise _closed(row)
        tx.mails.withdraw(row.id, "the interview was cancelled")
        if row.state != InterviewState.CREATED:
            tx.mails.queue_next(row.id, CANCELLED)
        tx.process_log.append(row.id, EventType.INTERVIEW_CANCELLED, _by(request.who, note))
        tx.audit.append(request.who.actor, "interview.cancelled", "interview", row.id)
        return True

    return _once(request, app, act)


def remind(request: Request, app: Function[Settings]) -> Response:
    """``POST …/remind``: see `reminding`."""
    return _once(request, app, reminding(request.who, _note(request)))


def reminding(who: Principal, note: Note) -> Action:
    """The invitation once more, with a fresh link; not while one still waits to be sent.

    Raises `Conflict`: `interview_closed` when nothing is expected from the candidate, `deadline_passed`.
    """

    def act(tx: Transaction, row: InterviewRow) -> bool:
        _still_open(tx, row)
        if not tx.mails.queue_next(row.id, INVITATION):
            return False
        tx.process_log.append(row.id, EventType.REMINDER_REQUESTED, _by(who, note))
        tx.audit.append(who.actor, "interview.reminded", "interview", row.id)
        return True

    return act


def extend(request: Request, app: Function[Settings]) -> Response:
    """``PUT …/deadline``: see `extending`."""
    act = extending(request.who, request.document(NewDeadline).deadline)
    return _acted(request, app, act, Once("", ""))


def extending(who: Principal, wanted: datetime) -> Action:
    """More days; the candidate gets the invitation with the new date.

    Raises `Conflict` (`interview_closed`), `Invalid` (`deadline_not_later`, `deadline_past`).
    """

    def act(tx: Transaction, row: InterviewRow) -> bool:
        if row.state not in AWAITED:
            raise _closed(row)
        if wanted == row.deadline:
            return False
        if wanted < row.deadline:
            raise Invalid(
                f"the deadline is {row.deadline.isoformat()} already", code="deadline_not_later"
            )
        if wanted <= tx.clock():
            raise Invalid(f"{wanted.isoformat()} is in the past", code="deadline_past")
        tx.interviews.extend(row.id, wanted)
        tx.mails.queue_next(row.id, INVITATION)
        details = {
            "deadline": wanted.isoformat(),
            "former": row.deadline.isoformat(),
            "by": who.id,
        }
        tx.process_log.append(row.id, EventType.DEADLINE_EXTENDED, details)
        tx.audit.append(who.actor, "deadline.extended", "interview", row.id)
        return True

    return act


def re_record(request: Request, app: Function[Settings]) -> Response:
    """``POST …/answers/{answer}/re-record``: see `asking_again`."""
    return _once(request, app, asking_again(request.who, _note(request), request.params["answer"]))


def asking_again(who: Principal, note: Note, answer_id: str) -> Action:
    """This one answer is asked again; the others stay.

    Raises `NotFound` (`unknown_answer`), `Conflict`: `interview_closed`, `deadline_passed` (extend it first),
    `answer_not_given`, `answer_in_work`.
    """

    def act(tx: Transaction, row: InterviewRow) -> bool:
        answer = tx.interviews.answer(row.id, answer_id)
        if answer.state == AnswerState.RE_RECORD and row.state == InterviewState.RE_RECORD:
            return False
        if row.state not in _GIVEN:
            raise _closed(row)
        _in_time(tx, row)
        _ask_again(tx, answer, {**_by(who, note), "verdict": "asked_by_hr"})
        asked = {"answer": answer.answer_id}
        tx.audit.append(who.actor, "answer.asked_again", "interview", row.id, **asked)
        # Before its submission the interview stays as it is: the candidate sees which answer to give again.
        if row.state != InterviewState.RE_RECORD and tx.interviews.move(
            row.id, InterviewState.RE_RECORD
        ):
            details = {"answers": [answer.answer_id], **_by(who, note)}
            tx.interviews.set_flag(row.id, NEEDS_RE_RECORD)
            tx.process_log.append(row.id, EventType.INTERVIEW_RE_RECORD, details)
        else:
            # A verdict is what the schedule sends its own invitation to record again for.
            tx.mails.queue_next(row.id, INVITATION)
        return True

    return act


def _ask_again(tx: Transaction, answer: AnswerRow, details: dict[str, str]) -> None:
    if answer.state == AnswerState.RE_RECORD:
        return
    if answer.state == AnswerState.SEALED:
        raise Conflict("this answer is being put together; try again", code="answer_in_work")
    ref = AttemptRef(answer.interview_id, answer.answer_id, answer.attempt)
    if answer.state not in _ASKABLE or not tx.interviews.move_answer(ref, AnswerState.RE_RECORD):
        raise Conflict("this answer has not been given yet", code="answer_not_given")
    told = {"answer": answer.answer_id, "attempt": answer.attempt, **details}
    tx.process_log.append(answer.interview_id, EventType.ANSWER_RE_RECORD, told)


def _once(request: Request, app: Function[Settings], act: Action) -> Response:
    return idempotent(
        app.database, request, "actions", lambda once: _acted(request, app, act, once)
    )


def _acted(request: Request, app: Function[Settings], act: Action, once: Once) -> Response:
    """How the interview stands after it."""
    interview_id = request.params["interview"]
    with app.changes() as tx:
        run(tx, interview_id, act)
        return once.answer(tx, Response.json(summary(tx.interviews.get(interview_id))))


def run(tx: Transaction, interview_id: str, act: Action) -> bool:
    """Run it while nobody else changes the interview; False where all was so already.

    Raises `NotFound` (`unknown_interview`) and what `act` raises.
    """
    tx.interviews.hold(interview_id)
    return act(tx, tx.interviews.get(interview_id))


def _note(request: Request) -> Note:
    return request.document(Note) if request.body.strip() else Note()


def _by(who: Principal, note: Note) -> dict[str, str]:
    return {"by": who.id, **({"reason": note.reason} if note.reason else {})}


def _still_open(tx: Transaction, row: InterviewRow) -> None:
    if row.state not in AWAITED:
        raise _closed(row)
    _in_time(tx, row)


def _in_time(tx: Transaction, row: InterviewRow) -> None:
    if row.deadline <= tx.clock():
        raise Conflict(f"the deadline was {row.deadline.isoformat()}", code="deadline_passed")


def _closed(row: InterviewRow) -> Conflict:
    return Conflict(f"the interview is {row.state}", code="interview_closed", state=row.state)
