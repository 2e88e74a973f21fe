"""Extra time 延长时间 for one interview, granted by HR and in effect at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.events import EventType
from greenroom.domain.presence import TimeFactor
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


def grant_time(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/interviews/{interview}/time-factor``; the same factor again is no step of the interview.

    Raises `NotFound` (`unknown_interview`), `Invalid` (`invalid_document`).
    """
    wanted = request.document(TimeFactor)
    interview_id = request.params["interview"]
    with app.changes() as tx:
        if tx.interviews.set_time_factor(interview_id, wanted.factor):
            tx.process_log.append(
                interview_id,
                EventType.TIME_GRANTED,
                {"factor": wanted.factor, "by": request.who.id},
            )
            factor = f"{wanted.factor:g}"
            actor = request.who.actor
            tx.audit.append(actor, "time.granted", "interview", interview_id, factor=factor)
    return Response.json(wanted)
