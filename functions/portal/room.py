"""The interview room: one page that holds every screen from the demonstration to the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from functions.portal.page import PAGES, interview_of, no_good_link, opened, policy
from greenroom.domain.errors import Unauthorized
from greenroom.domain.interview import RECORDABLE
from greenroom.runtime.http import Request, Response
from greenroom.runtime.texts import choose_locale

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

PERMISSIONS = {"Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)"}


def room_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /i/{token}/room``; where nothing can be recorded now, back to the page that says why."""
    try:
        view = opened(interview_of(request, app, late=True), app)
    except Unauthorized as error:
        return no_good_link(request, error, app)
    token = quote(request.params["token"], safe="")
    if view.state not in RECORDABLE:
        return Response.redirect(f"/i/{token}?lang={quote(request.query.get('lang', ''))}")
    locale = choose_locale(request.query.get("lang"), default=view.locale)
    return PAGES.render(
        "room.html",
        locale,
        time_zone=view.time_zone or app.settings.time_zone,
        headers={**policy(app, records=True), **PERMISSIONS},
        view=view,
        data=view.model_dump(mode="json"),
        home=f"/i/{token}?lang={locale}",
        purposes=view.purposes,
        follow_up_wait_s=app.settings.follow_ups.wait_s,
        screen=any("screen" in answer.tracks for answer in view.answers),
    )


def qr_code(request: Request, app: Function[Settings]) -> Response:
    """``GET /i/{token}/qr.svg``: the personal link, to go on with another device."""
    import io

    import segno

    try:
        interview_of(request, app)
    except Unauthorized as error:
        return no_good_link(request, error, app)
    token = quote(request.params["token"], safe="")
    drawn = io.BytesIO()
    link = f"{app.settings.links.public_url.rstrip('/')}/i/{token}"
    segno.make(link, micro=False).save(
        drawn, kind="svg", scale=4, border=4, svgclass=None, lineclass=None
    )
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response.text(drawn.getvalue().decode(), "image/svg+xml", headers)
