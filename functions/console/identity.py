"""Looking at identity pictures: only with the permission for it, and every look stands in the process log."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.session import visitor_of
from greenroom.domain.events import EventType
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import IdentityRow
    from greenroom.runtime.function import Function


@dataclass(frozen=True)
class Look:
    """A picture opened: its JPEG in base64, for a document or a page."""

    row: IdentityRow
    data: str


def read_identity(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/identity/{picture}``."""
    look = _look(request, request.who.id, app)
    document = {
        "interview": look.row.interview_id,
        "picture": look.row.picture,
        "taken_at": look.row.taken_at.isoformat(),
        "delete_at": look.row.due_at.isoformat(),
        "content_type": "image/jpeg",
        "data": look.data,
    }
    return Response.json(document, headers={"Cache-Control": "no-store"})


def identity_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interviews/{interview}/identity/{picture}``."""
    look = _look(request, visitor_of(request).id, app)
    with app.database.begin() as tx:
        interview = tx.interviews.get(look.row.interview_id)
    return render(request, app, "identity.html", look=look, row=interview)


def _look(request: Request, looker: str, app: Function[Settings]) -> Look:
    """Opens the picture, and logs who does before it is shown.

    Raises `NotFound` (`unknown_picture`, `no_such_picture`, `no_such_object`), `Unreadable`.
    """
    from greenroom.runtime.identity_pictures import (
        SealedPictures,
        identity_settings,
        picture_named,
    )

    interview_id, picture = request.params["interview"], picture_named(request.params["picture"])
    with app.database.begin() as tx:
        row = tx.identity.get(interview_id, picture)
    pictures = SealedPictures(app.store, identity_settings(app.settings))
    jpeg = pictures.get(interview_id, picture)
    with app.changes() as tx:
        details = {"picture": picture, "by": looker}
        tx.process_log.append(interview_id, EventType.IDENTITY_VIEWED, details)
    return Look(row, base64.b64encode(jpeg).decode())
