"""The candidate's separate consents: kept with their history, told to the process log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.consent import Consents
from greenroom.domain.errors import Conflict
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

CLOSED = frozenset({InterviewState.DECIDED, InterviewState.EXPIRED, InterviewState.CANCELLED})


def put_consents(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/candidate/consents``."""
    consents = request.document(Consents)
    keep_consents(request.who.id, consents, app)
    return Response.json(consents)


def keep_consents(interview_id: str, consents: Consents, app: Function[Settings]) -> None:
    """The same consents again change nothing. Raises `Conflict` (`interview_closed`)."""
    with app.changes() as tx:
        if tx.interviews.get(interview_id).state in CLOSED:
            raise Conflict("this interview is closed", code="interview_closed")
        if tx.interviews.give_consents(interview_id, consents):
            tx.process_log.append(
                interview_id, EventType.CONSENT_GIVEN, {"consents": consents.model_dump()}
            )
