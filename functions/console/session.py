"""Signing in with an API key, and the cookie that stands for it.

The cookie is HttpOnly and SameSite=Strict, and what changes anything is a POST, so no other site can act for
somebody signed in. A session is no better than its key: revoking the key ends it at once.
"""

from __future__ import annotations

from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.domain.errors import Forbidden, GreenroomError, NotFound, Unauthorized
from greenroom.domain.model import Locale
from greenroom.runtime.auth import api_key_principal
from greenroom.runtime.http import Principal, Request, Response
from greenroom.runtime.pages import Pages, content_security_policy
from greenroom.runtime.texts import LOCALES, choose_locale
from greenroom.runtime.tokens import issue_session_token, read_session_token

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

PAGES = Pages(Path(__file__).parent, prefix="/console")
SESSION = "greenroom_session"
LANGUAGE = "greenroom_language"
SCOPE = "interviews:read"
LASTS = timedelta(hours=8)
YEAR_S = 365 * 86_400


def sign_in_page(
    request: Request, app: Function[Settings], *, problem: GreenroomError | None = None
) -> Response:
    """``GET /console``: the way in; for somebody signed in, the interviews."""
    if problem is None and _is_signed_in(request, app):
        return Response.redirect("/console/interviews")
    return PAGES.render(
        "sign_in.html",
        locale_of(request),
        time_zone=app.settings.time_zone,
        status=problem.status if problem else 200,
        headers={**content_security_policy(), **language_cookie(request)},
        problem=problem,
    )


def sign_in(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/sign-in`` with the form's `key`."""
    try:
        key = request.form().get("key", "").strip()
        who = api_key_principal(app.database, key, SCOPE)
    except (Unauthorized, Forbidden) as error:
        return sign_in_page(request, app, problem=error)
    secret = app.settings.tokens.key.get_secret_value()
    token = issue_session_token(secret, who.id, app.clock() + LASTS)
    cookie = _cookie(app, token, int(LASTS.total_seconds()))
    return Response.redirect("/console/interviews", {"Set-Cookie": cookie})


def sign_out(app: Function[Settings]) -> Response:
    """``POST /console/sign-out``."""
    return Response.redirect("/console", {"Set-Cookie": _cookie(app, "", 0)})


def session_of(request: Request, app: Function[Settings]) -> Principal:
    """Who is signed in. Raises `Unauthorized` (no session, altered, expired, key revoked) or `Forbidden`."""
    token = _cookies(request).get(SESSION)
    if not token:
        raise Unauthorized("sign in first", code="session_missing")
    secret = app.settings.tokens.key.get_secret_value()
    key_id = read_session_token(secret, token, now=app.clock())
    try:
        with app.database.begin() as tx:
            kept = tx.api_keys.get(key_id)
    except NotFound:
        kept = None
    if kept is None:
        raise Unauthorized("the API key of this session was revoked", code="session_revoked")
    if SCOPE not in kept.scopes:
        raise Forbidden(f"this API key lacks the scope {SCOPE}", code="scope_missing")
    return Principal("session", kept.id, frozenset(kept.scopes))


def locale_of(request: Request) -> Locale:
    """As asked for now, else as remembered, else Chinese."""
    wished = request.query.get("lang"), _cookies(request).get(LANGUAGE)
    return choose_locale(*wished, default="zh-CN")


def language_cookie(request: Request) -> dict[str, str]:
    """The header that remembers a language just chosen."""
    chosen = request.query.get("lang")
    if chosen not in LOCALES:
        return {}
    attributes = f"Path=/console; Max-Age={YEAR_S}; SameSite=Strict; HttpOnly"
    return {"Set-Cookie": f"{LANGUAGE}={chosen}; {attributes}"}


def _is_signed_in(request: Request, app: Function[Settings]) -> bool:
    try:
        session_of(request, app)
    except (Unauthorized, Forbidden):
        return False
    return True


def _cookie(app: Function[Settings], value: str, max_age_s: int) -> str:
    secure = "; Secure" if app.settings.links.public_url.startswith("https://") else ""
    return (
        f"{SESSION}={value}; Path=/console; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"
    )


def _cookies(request: Request) -> dict[str, str]:
    try:
        jar = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}
