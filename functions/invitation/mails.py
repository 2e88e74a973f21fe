"""Mails to be seen by whoever runs the installation, and those that were given up sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from greenroom.adapters.database import MailState
from greenroom.domain.errors import Conflict, Invalid
from greenroom.domain.mail_window import MailWindow
from greenroom.runtime.http import Request, Response
from greenroom.runtime.paging import links, next_page, only_known, page_size

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.adapters.database import MailStatus
    from greenroom.runtime.function import Function

PATH = "/v1/mails"


def list_mails(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/mails?state=&limit=&after=``: those that were given up, unless `state` says otherwise.

    Raises `Invalid` (`invalid_query`, `invalid_cursor`).
    """
    query = request.query
    only_known(query, {"state", "limit", "after"})
    size = page_size(query)
    with app.database.begin() as tx:
        found = tx.mails.page(_state(query.get("state")), size + 1, query.get("after") or None)
    shown = found[:size]
    following = next_page(PATH, query, shown[-1].cursor() if len(found) > size else None)
    return Response.json(
        {"mails": [_shown(mail) for mail in shown], "next": following},
        200,
        links(PATH, query, following),
    )


def resend_mail(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/mails/{interview}/{message}/{number}/resend``: with the next sweep, under its own Message-ID.

    Raises `Conflict` (`mail_not_dead`) for one that was sent, still waits, or does not exist.
    """
    number = request.params["number"]
    known = number.isascii() and number.isdigit() and len(number) < 7
    key = (request.params["interview"], request.params["message"], int(number) if known else 0)
    with app.database.begin() as tx:
        if not tx.mails.resend_dead(key):
            raise Conflict("no mail of that name was given up", code="mail_not_dead")
        tx.audit.append(request.who.actor, "mail.resent", "interview", key[0])
    return Response.json({"mails": 1}, 202)


def resend_window(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/mails/resend``: all that were given up in a stretch of time. Raises `Invalid` (`window_reversed`)."""
    window = request.document(MailWindow)
    if window.until < window.since:
        raise Invalid("until is before since", code="window_reversed")
    with app.database.begin() as tx:
        again = tx.mails.resend_window(window.since, window.until)
        tx.audit.append(request.who.actor, "mail.resent", "mails", "")
    return Response.json({"mails": again}, 202)


def _state(text: str | None) -> MailState:
    states: tuple[MailState, ...] = get_args(MailState)
    for state in states:
        if state == text:
            return state
    if text:
        raise Invalid(f"state: one of {', '.join(states)}", code="invalid_query")
    return "dead"


def _shown(mail: MailStatus) -> dict[str, Any]:
    return {
        "interview": mail.interview_id,
        "message": mail.message,
        "number": mail.number,
        "state": mail.state,
        "attempts": mail.attempts,
        "due_at": mail.due_at.isoformat(),
        "sent_at": mail.sent_at and mail.sent_at.isoformat(),
        "last_error": mail.last_error,
    }
