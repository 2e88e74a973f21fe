"""Who interviews whom: by the API, and by a form on the interview's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from functions.console.session import visitor_of
from greenroom.domain.access import Interviewers
from greenroom.domain.interview import InterviewState
from greenroom.domain.message import ASSIGNED, READY
from greenroom.domain.model import invalid_document
from greenroom.runtime.http import Principal, Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


_READY = frozenset({InterviewState.SCORED, InterviewState.HUMAN_REVIEW})


def put_interviewers(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/interviews/{interview}/interviewers``.

    Raises `NotFound` (`unknown_interview`), `Invalid` (`invalid_document`).
    """
    return Response.json(_assign(request, request.document(Interviewers), request.who, app))


def assign(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/interviews/{interview}/interviewers`` with `interviewers`, an address per line."""
    lines = request.form().get("interviewers", "").replace(",", "\n").split("\n")
    addresses = [line.strip() for line in lines if line.strip()]
    try:
        wanted = Interviewers(interviewers=addresses)
    except ValidationError as error:
        raise invalid_document("interviewers", error) from error
    _assign(request, wanted, visitor_of(request), app)
    return Response.redirect(f"/console/interviews/{request.params['interview']}#interviewers")


def _assign(
    request: Request, wanted: Interviewers, who: Principal, app: Function[Settings]
) -> Interviewers:
    interview_id = request.params["interview"]
    with app.database.begin() as tx:
        tx.interviews.hold(interview_id)
        state = tx.interviews.get(interview_id).state
        if tx.interviewers.assign(interview_id, wanted.interviewers):
            message = READY if state in _READY else ASSIGNED
            tx.mails.queue_to(interview_id, message, tx.interviewers.of(interview_id))
            # Addresses are people's; the log tells how many there are now, the table which.
            count = len(wanted.interviewers)
            tx.audit.append(
                who.actor, "interviewers.changed", "interview", interview_id, count=count
            )
        return Interviewers(interviewers=tx.interviewers.of(interview_id))
