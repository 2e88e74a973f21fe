"""The page behind the personal link, in the candidate's language, and the page for a link that is no good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from functions.portal.consents import keep_consents
from functions.portal.interview import InterviewView, view_of
from functions.portal.status import status_of
from greenroom.domain.consent import NO_CONSENTS, PURPOSES, Consents
from greenroom.domain.errors import GreenroomError, Unauthorized
from greenroom.domain.events import EventType
from greenroom.domain.interview import RECORDABLE, InterviewState
from greenroom.domain.model import Locale
from greenroom.runtime.http import Request, Response
from greenroom.runtime.pages import Pages, content_security_policy
from greenroom.runtime.texts import choose_locale

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

PAGES = Pages(Path(__file__).parent, prefix="/portal")

_S = InterviewState


def interview_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /i/{token}``: the first opening is a step of the interview, every later one only shows."""
    try:
        view = opened(interview_of(request, app, late=True), app)
    except Unauthorized as error:
        return no_good_link(request, error, app)
    return _page(request, view, app)


def service_worker(_request: Request) -> Response:
    """``GET /portal/service-worker.js``: one for all versions and all links."""
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/i/"}
    text = PAGES.static_text("service_worker.js")
    return Response.text(text, "text/javascript; charset=utf-8", headers)


def consents_form(request: Request, app: Function[Settings]) -> Response:
    """``POST /i/{token}/consents``: the page's form; back to the page afterwards."""
    try:
        interview = interview_of(request, app)
    except Unauthorized as error:
        return no_good_link(request, error, app)
    fields = request.form()
    given = {purpose: fields.get(purpose) == "yes" for purpose in PURPOSES}
    return _keep(request, interview, Consents(**given), app)


def withdrawal_form(request: Request, app: Function[Settings]) -> Response:
    """``POST /i/{token}/withdrawals`` with the form's `purpose`: one consent is taken back, the others stay."""
    try:
        interview = interview_of(request, app, late=True)
    except Unauthorized as error:
        return no_good_link(request, error, app)
    purpose = request.form().get("purpose")
    with app.database.begin() as tx:
        consents = tx.interviews.consents(interview) or NO_CONSENTS
    left = {one: consents.allows(one) and one != purpose for one in PURPOSES}
    return _keep(request, interview, Consents(**left), app)


def _keep(
    request: Request, interview: str, consents: Consents, app: Function[Settings]
) -> Response:
    """Back to the page, which says what became of it."""
    try:
        keep_consents(interview, consents, app)
    except GreenroomError as error:
        return _page(request, opened(interview, app), app, problem=error)
    language = quote(request.form().get("lang", ""))
    path = quote(request.params["token"], safe="")
    return Response.redirect(f"/i/{path}?lang={language}&saved=1#consents")


def interview_of(request: Request, app: Function[Settings], *, late: bool = False) -> str:
    return app.follow_link(request.params["token"], late=late).id


def opened(interview: str, app: Function[Settings]) -> InterviewView:
    with app.changes() as tx:
        if tx.interviews.move(interview, _S.OPENED, frm=(_S.CREATED, _S.INVITED)):
            tx.process_log.append(interview, EventType.INTERVIEW_OPENED, once="opened")
        return view_of(tx, interview)


def _page(
    request: Request,
    view: InterviewView,
    app: Function[Settings],
    *,
    problem: GreenroomError | None = None,
) -> Response:
    locale = choose_locale(request.query.get("lang"), default=view.locale)
    return PAGES.render(
        "interview.html",
        locale,
        time_zone=view.time_zone or app.settings.time_zone,
        status=problem.status if problem else 200,
        headers=policy(app),
        standing=status_of(view, app),
        token=request.params["token"],
        purposes=view.purposes,
        choosing=view.state in RECORDABLE,
        saved="saved" in request.query and problem is None,
        problem=problem,
    )


def no_good_link(request: Request, error: Unauthorized, app: Function[Settings]) -> Response:
    """What happened and what to do. A link that once was good is gone (410), any other is refused (401)."""
    gone = error.code in ("token_expired", "token_revoked")
    default: Locale = "zh-CN"
    locale = choose_locale(
        request.query.get("lang"), request.headers.get("accept-language"), default=default
    )
    return PAGES.render(
        "no_good_link.html",
        locale,
        time_zone=app.settings.time_zone,
        status=410 if gone else 401,
        headers=policy(app),
        code=error.code,
    )


def policy(app: Function[Settings], *, records: bool = False) -> dict[str, str]:
    store = app.settings.store
    return content_security_policy(
        connect=[store.public_endpoint or store.endpoint],
        frame_ancestors=app.settings.frame_ancestors,
        records=records,
    )
