"""Legal holds over HTTP: an interview that must not be erased, whoever asks and whatever the policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.erasure import LegalHold
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


def place_hold(request: Request, app: Function[Settings]) -> Response:
    """``PUT …/legal-hold``. Raises `NotFound` (`unknown_interview`), `Conflict` (`being_erased`)."""
    wanted, interview_id = request.document(LegalHold), request.params["interview"]
    actor = request.who.actor
    with app.database.begin() as tx:
        if tx.legal_holds.place(interview_id, wanted.reason, f"{actor.kind}:{actor.id}"):
            tx.audit.append(actor, "legal_hold.placed", "interview", interview_id)
        stands = tx.legal_holds.reason(interview_id)
    return Response.json(LegalHold(reason=stands or wanted.reason))


def lift_hold(request: Request, app: Function[Settings]) -> Response:
    """``DELETE …/legal-hold``. Raises `NotFound` (`unknown_interview`)."""
    interview_id = request.params["interview"]
    with app.database.begin() as tx:
        tx.interviews.hold(interview_id)
        if tx.legal_holds.lift(interview_id):
            tx.audit.append(request.who.actor, "legal_hold.lifted", "interview", interview_id)
    return Response.empty()
