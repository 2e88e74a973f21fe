"""Sessions of the console: a random id in a cookie, its SHA-256 in the database, and a token in every form.

The cookie is HttpOnly and SameSite=Lax: with Strict, who comes from the identity provider or follows a link in a
mail would arrive without it. So that no other site can act for somebody signed in, every POST carries a token
that belongs to the session, and comes from our own pages by what the browser says of its origin.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from greenroom.adapters.database import UserRow
from greenroom.domain.access import PERMISSIONS, Permission
from greenroom.domain.errors import Forbidden, Unauthorized
from greenroom.runtime.http import Principal, Request
from greenroom.runtime.tokens import derived

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

SESSION = "greenroom_session"
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the database knows when a session was last used: a page that asks every two seconds writes seldom."""


@dataclass(frozen=True, kw_only=True)
class Visitor(Principal):
    """A user who is signed in. `csrf` is the token of this session's forms."""

    user: UserRow
    session_sha256: str
    csrf: str

    def may(self, permission: str) -> bool:
        return permission in self.scopes

    @property
    def interviewer(self) -> str | None:
        """The address whose assigned interviews are all that this visitor sees; None for who sees every one."""
        return None if self.may(Permission.INTERVIEWS_READ) else self.user.email


def begin(tx: Transaction, app: Function[Settings], user: UserRow, request: Request) -> str:
    """Signs `user` in under a new id, ends the session the browser came with; the cookie to set."""
    from functions.console.settings import SessionSettings

    settings: SessionSettings = app.settings.sessions
    old = cookies(request).get(cookie_name(app))
    if old:
        tx.sessions.end(_digest(old))
    token = secrets.token_urlsafe(32)
    tx.sessions.begin(_digest(token), user.id, app.clock() + settings.lasts)
    tx.users.let_in(user.id)
    return cookie(app, token, int(settings.lasts.total_seconds()))


def session_of(request: Request, app: Function[Settings]) -> Visitor:
    """Who is signed in. Raises `Unauthorized`: `session_missing`, `session_ended`."""
    token = cookies(request).get(cookie_name(app))
    if not token:
        raise Unauthorized("sign in first", code="session_missing")
    sha256 = _digest(token)
    with app.database.begin() as tx:
        user = tx.sessions.user(sha256, idle=app.settings.sessions.idle, every=SEEN_EVERY)
    if user is None:
        raise Unauthorized("this session has ended", code="session_ended")
    scopes = frozenset(str(one) for one in PERMISSIONS[user.role])
    csrf = derived(app.settings.tokens.key.get_secret_value(), "form", sha256)
    return Visitor("user", user.id, scopes, user=user, session_sha256=sha256, csrf=csrf)


def visitor_of(request: Request) -> Visitor:
    """The visitor whom the door let in. Raises `Unauthorized` (`session_missing`)."""
    if not isinstance(request.principal, Visitor):
        raise Unauthorized("sign in first", code="session_missing")
    return request.principal


def check_form(request: Request, visitor: Visitor) -> None:
    """Raises `Forbidden` (`form_stale`) where the form lacks this session's token."""
    given = request.form().get("csrf", "")
    if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise Forbidden("the form belongs to another session", code="form_stale")


def check_origin(request: Request) -> None:
    """Raises `Forbidden` (`other_site`) for a POST that a page of another site sent.

    `Sec-Fetch-Site` says so wherever the address is trustworthy (https, localhost), `Origin` elsewhere. A client
    that sends neither is no browser, and nobody's cookie is at stake.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Forbidden("this came from another site", code="other_site")


def cookie_name(app: Function[Settings]) -> str:
    """Behind TLS a name that browsers take only from this very host, for all of it, over TLS."""
    return f"__Host-{SESSION}" if _is_secure(app) else SESSION


def cookie(app: Function[Settings], value: str, max_age_s: int, *, name: str | None = None) -> str:
    secure = "; Secure" if _is_secure(app) else ""
    return (
        f"{name or cookie_name(app)}={value}; Path=/; Max-Age={max_age_s}; "
        f"HttpOnly; SameSite=Lax{secure}"
    )


def cookies(request: Request) -> dict[str, str]:
    try:
        jar = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _is_secure(app: Function[Settings]) -> bool:
    return app.settings.links.public_url.startswith("https://")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
