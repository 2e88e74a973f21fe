"""The candidate's separate consents: kept with their history, told to the process log, taken back with what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.portal.identity import asked_pictures, delete_due
from functions.portal.interview import asked_purposes
from greenroom.domain import keys
from greenroom.domain.consent import (
    ANALYSED,
    NO_CONSENTS,
    RECORDING_WITHDRAWN,
    Consents,
    Withdrawal,
)
from greenroom.domain.errors import Conflict, Invalid
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import InterviewRow, Transaction
    from greenroom.domain.consent import Purpose
    from greenroom.runtime.function import Function

CLOSED = frozenset({InterviewState.DECIDED, InterviewState.EXPIRED, InterviewState.CANCELLED})


def put_consents(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/candidate/consents``."""
    consents = request.document(Consents)
    keep_consents(request.who.id, consents, app)
    return Response.json(consents)


def keep_consents(interview_id: str, consents: Consents, app: Function[Settings]) -> None:
    """What is new is logged as given, what is missing as withdrawn; the same consents again change nothing.

    Taking one back is always possible, also when the interview is over. What follows is done by those who hold the
    data: identity pictures are deleted here, the analysis forgets what it inferred. Being killed on the way is
    harmless: both find what they owe by their rows.

    Raises `Conflict` (`interview_closed`), `Invalid` (`identity_not_asked`, `consent_not_asked`).
    """
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        before = tx.interviews.consents(interview_id)
        given, withdrawn = _difference(before, consents)
        _check(tx.interviews.get(interview_id), given, first=before is None)
        if tx.interviews.give_consents(interview_id, consents):
            _log(tx, interview_id, consents, withdrawn, told=bool(given) or before is None)
        begun = _consequences(tx, interview_id, given, withdrawn)
    if begun is not None:
        app.store.put(keys.withdrawal(interview_id), begun.canonical())
    if not consents.identity:  # also when it was taken back before and the store was away
        delete_due(app, interview_id)


def _difference(before: Consents | None, after: Consents) -> tuple[list[Purpose], list[Purpose]]:
    """The purposes newly agreed to, and those taken back."""
    known = before or NO_CONSENTS
    return after.beyond(known), known.beyond(after)


def _check(interview: InterviewRow, given: list[Purpose], *, first: bool) -> None:
    if interview.state in CLOSED and (given or first):
        raise Conflict("this interview is closed", code="interview_closed")
    if "identity" in given and not asked_pictures(interview):
        raise Invalid("this interview asks for no identity pictures", code="identity_not_asked")
    unasked = sorted(set(given) - set(asked_purposes(interview.plan)))
    if unasked:
        raise Invalid(
            f"the policy asks for no consent to {', '.join(unasked)}", code="consent_not_asked"
        )


def _log(
    tx: Transaction,
    interview_id: str,
    consents: Consents,
    withdrawn: list[Purpose],
    *,
    told: bool,
) -> None:
    details = {"consents": consents.model_dump()}
    if told:
        tx.process_log.append(interview_id, EventType.CONSENT_GIVEN, details)
    if withdrawn:
        tx.process_log.append(
            interview_id, EventType.CONSENT_WITHDRAWN, {**details, "purposes": withdrawn}
        )


def _consequences(
    tx: Transaction, interview_id: str, given: list[Purpose], withdrawn: list[Purpose]
) -> Withdrawal | None:
    """Note what is owed now; the word to the analysis where there is something to forget."""
    if "recording" in withdrawn:
        tx.interviews.set_flag(interview_id, RECORDING_WITHDRAWN)
    elif "recording" in given:
        tx.interviews.clear_flag(interview_id, RECORDING_WITHDRAWN)
    if "identity" in withdrawn:
        tx.identity.end(interview_id)
    if "development" in withdrawn and tx.decisions.outcome(interview_id) == "hire":
        tx.process_log.append(
            interview_id, EventType.DEVELOPMENT_WITHDRAWN, {"reason": "consent_withdrawn"}
        )
    if not ANALYSED.intersection(withdrawn):
        return None
    begun = tx.interviews.begin_withdrawal(interview_id)
    return Withdrawal(interview=interview_id, purposes=withdrawn, withdrawn_at=begun)
