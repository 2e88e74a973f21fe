"""What a verdict does to the answer and its interview, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.errors import Unavailable
from greenroom.domain.events import EventType
from greenroom.domain.interview import NEEDS_RE_RECORD, AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Quality

if TYPE_CHECKING:
    from functions.quality_check.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.domain.consent import Consents
    from greenroom.runtime.function import Function


def record(ref: AttemptRef, quality: Quality, consents: Consents, app: Function[Settings]) -> None:
    """Move the answer from `assembled`; nothing changes where it is further, or a newer take is in focus.

    Raises `Unavailable`: `not_assembled_yet` when assembly.json was seen before the state that belongs to it,
    `consents_changed` when faces were counted under a consent that was taken back meanwhile.
    """
    with app.changes() as tx:
        tx.interviews.hold(ref.interview)
        if consents.face and not (tx.interviews.consents(ref.interview) or NO_CONSENTS).face:
            raise Unavailable(
                f"the consents to {ref.interview} changed while it was checked",
                code="consents_changed",
            )
        answer = tx.interviews.answer(ref.interview, ref.answer)
        if answer.attempt < ref.attempt or (
            answer.attempt == ref.attempt and answer.state == AnswerState.SEALED
        ):
            raise Unavailable(
                f"{ref.assembly} is there before its answer's state", code="not_assembled_yet"
            )
        if quality.verdict == "re_record":
            _ask_again(tx, ref, quality)
        elif tx.interviews.move_answer(ref, AnswerState.CHECKED):
            tx.process_log.append(ref.interview, EventType.ANSWER_CHECKED, _details(ref, quality))


def _ask_again(tx: Transaction, ref: AttemptRef, quality: Quality) -> None:
    if not tx.interviews.move_answer(ref, AnswerState.RE_RECORD):
        return
    details = _details(ref, quality)
    tx.process_log.append(ref.interview, EventType.ANSWER_RE_RECORD, details)
    if ref.answer in tx.interviews.get(ref.interview).plan.follow_ups:
        return  # nobody owes it: the interview goes on without it
    # Before its submission the interview stays as it is: the candidate sees which answer to give again.
    if tx.interviews.move(ref.interview, InterviewState.RE_RECORD):
        tx.interviews.set_flag(ref.interview, NEEDS_RE_RECORD)
        tx.process_log.append(
            ref.interview, EventType.INTERVIEW_RE_RECORD, {"answers": [ref.answer]}
        )


def _details(ref: AttemptRef, quality: Quality) -> dict[str, object]:
    return {
        "answer": ref.answer,
        "attempt": ref.attempt,
        "verdict": quality.verdict,
        "reasons": quality.reasons,
    }
