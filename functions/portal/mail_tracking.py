"""What a tracked mail asks of us: its picture says that it was opened, its button's link that it was pressed.

Each is one step of the process log for each mail, however often it is fetched. Neither ever keeps anybody from
anything: a token that is no good gets the picture too, and the link always leads to the personal page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from greenroom.domain.errors import NotFound, Unauthorized
from greenroom.domain.events import EventType
from greenroom.domain.mail_tracking import is_ahead
from greenroom.runtime.http import Request, Response
from greenroom.runtime.tokens import MailClaims, read_candidate_token, read_mail_token

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MESSAGE = re.compile(r"[a-z_]{1,64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


def mail_pixel(request: Request, app: Function[Settings]) -> Response:
    """``GET /portal/mails/{mail}/pixel.svg``: one transparent pixel."""
    if not is_ahead(request.method, request.headers):
        try:
            key = app.settings.tokens.key.get_secret_value()
            mail = read_mail_token(key, request.params["mail"], now=app.clock())
        except Unauthorized:
            pass
        else:
            _note(EventType.MAIL_OPENED, mail, app)
    return Response.text(PIXEL, "image/svg+xml", _HEADERS)


def follow_mail(request: Request, app: Function[Settings]) -> Response:
    """``GET /i/{token}/from/{message}/{number}``: on to the personal page, which answers for a bad token."""
    token = request.params["token"]
    if not is_ahead(request.method, request.headers) and (mail := _named(request, app)):
        _note(EventType.MAIL_CLICKED, mail, app)
    return Response.redirect(f"/i/{quote(token, safe='')}", _HEADERS)


def _named(request: Request, app: Function[Settings]) -> MailClaims | None:
    """The mail that the path names, to whom the token belongs; None where that cannot be."""
    message, number = request.params["message"], request.params["number"]
    if not (_MESSAGE.fullmatch(message) and _NUMBER.fullmatch(number)):
        return None
    key = app.settings.tokens.key.get_secret_value()
    try:
        who = read_candidate_token(key, request.params["token"], now=app.clock())
    except Unauthorized:
        return None
    return MailClaims(who.interview, who.version, message, int(number))


def _note(kind: EventType, mail: MailClaims, app: Function[Settings]) -> None:
    """Once for each mail. Not of a batch without tracking, nor with a link that was replaced or ended."""
    what = kind.value.replace(".", "_")
    with app.changes() as tx:
        try:
            interview = tx.interviews.get(mail.interview)
        except NotFound:  # erased since
            return
        if mail.version < interview.token_version or not interview.plan.mail_tracking:
            return
        if tx.mails.exists((mail.interview, mail.message, mail.number)):
            tx.process_log.append(
                mail.interview,
                kind,
                {"message": mail.message, "number": mail.number},
                once=f"{what}:{mail.message}:{mail.number}",
            )
