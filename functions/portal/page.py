"""The page behind the personal link, in the candidate's language, and the page for a link that is no good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from functions.portal.consents import CLOSED, keep_consents
from functions.portal.interview import InterviewView, view_of
from greenroom.domain.consent import PURPOSES, Consents
from greenroom.domain.errors import GreenroomError, Unauthorized
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.model import Locale
from greenroom.runtime.auth import candidate_principal
from greenroom.runtime.http import Request, Response
from greenroom.runtime.pages import Pages, content_security_policy
from greenroom.runtime.texts import choose_locale

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

PAGES = Pages(Path(__file__).parent, prefix="/portal")

_S = InterviewState
STEPS: tuple[tuple[str, frozenset[InterviewState]], ...] = (
    ("invited", frozenset({_S.CREATED, _S.INVITED, _S.OPENED})),
    ("recording", frozenset({_S.IN_PROGRESS, _S.RE_RECORD})),
    ("processing", frozenset({_S.SUBMITTED})),
    ("done", frozenset({_S.SCORED, _S.HUMAN_REVIEW, _S.DECIDED})),
)
"""我的面试状态: what the candidate is told, and the states behind each step."""


def interview_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /i/{token}``: the first opening is a step of the interview, every later one only shows."""
    try:
        view = _opened(_interview_of(request, app), app)
    except Unauthorized as error:
        return _no_good_link(request, error, app)
    return _page(request, view, app)


def service_worker(_request: Request) -> Response:
    """``GET /portal/service-worker.js``: one for all versions and all links."""
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/i/"}
    text = PAGES.static_text("service_worker.js")
    return Response.text(text, "text/javascript; charset=utf-8", headers)


def consents_form(request: Request, app: Function[Settings]) -> Response:
    """``POST /i/{token}/consents``: the page's form; back to the page afterwards."""
    try:
        interview = _interview_of(request, app)
    except Unauthorized as error:
        return _no_good_link(request, error, app)
    fields = request.form()
    given = {purpose: fields.get(purpose) == "yes" for purpose in PURPOSES}
    try:
        keep_consents(interview, Consents(**given), app)
    except GreenroomError as error:
        return _page(request, _opened(interview, app), app, problem=error)
    language = quote(fields.get("lang", ""))
    path = quote(request.params["token"], safe="")
    return Response.redirect(f"/i/{path}?lang={language}&saved=1#consents")


def _interview_of(request: Request, app: Function[Settings]) -> str:
    key = app.settings.tokens.key.get_secret_value()
    return candidate_principal(app.database, key, request.params["token"], app.clock()).id


def _opened(interview: str, app: Function[Settings]) -> InterviewView:
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
    step = next((n for n, (_, states) in enumerate(STEPS) if view.state in states), None)
    return PAGES.render(
        "interview.html",
        locale,
        time_zone=app.settings.time_zone,
        status=problem.status if problem else 200,
        headers=_policy(app),
        view=view,
        token=request.params["token"],
        purposes=PURPOSES,
        closed=view.state in CLOSED,
        steps=[name for name, _ in STEPS],
        step=step,
        minutes=_minutes(view),
        saved="saved" in request.query and problem is None,
        problem=problem,
    )


def _minutes(view: InterviewView) -> int:
    """About how long it takes: thinking and the longest answers, in whole minutes, at least one."""
    return max(1, round(sum(item.think_s + item.max_s for item in view.answers) / 60))


def _no_good_link(request: Request, error: Unauthorized, app: Function[Settings]) -> Response:
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
        headers=_policy(app),
        code=error.code,
    )


def _policy(app: Function[Settings]) -> dict[str, str]:
    store = app.settings.store
    return content_security_policy(
        connect=[store.public_endpoint or store.endpoint],
        frame_ancestors=app.settings.frame_ancestors,
    )
