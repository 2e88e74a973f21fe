"""Signing in at the company's identity provider: away to it, and back with its answer."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.console.session import cookie, cookies
from functions.console.sign_in import let_in, sign_in_page
from greenroom.adapters.database import NewUser
from greenroom.domain.errors import GreenroomError, NotFound, Unauthorized
from greenroom.domain.ids import derived_id
from greenroom.runtime.http import Principal, Request, Response
from greenroom.runtime.tokens import issue_step_token, read_step_token

if TYPE_CHECKING:
    from functions.console.provider import Provider
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

COOKIE = "greenroom_provider"
WITHIN = timedelta(minutes=10)
CALLBACK = "/console/sign-in/callback"


def leave(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/sign-in/provider``: to the identity provider."""
    from functions.console.provider import Attempt

    key = app.settings.tokens.key.get_secret_value()
    secret = secrets.token_urlsafe(32)
    try:
        address = _provider(app).address(Attempt.of(key, secret))
    except GreenroomError as error:
        return sign_in_page(request, app, problem=error)
    kept = issue_step_token(key, "provider", secret, app.clock() + WITHIN)
    seconds = int(WITHIN.total_seconds())
    return Response.redirect(address, {"Set-Cookie": cookie(app, kept, seconds, name=COOKIE)})


def come_back(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/sign-in/callback?code=&state=&iss=`` (or ``?error=``)."""
    try:
        return _come_back(request, app)
    except GreenroomError as error:
        return sign_in_page(request, app, problem=error)


def _come_back(request: Request, app: Function[Settings]) -> Response:
    from functions.console.provider import Attempt

    provider = _provider(app)
    key = app.settings.tokens.key.get_secret_value()
    secret = read_step_token(key, "provider", cookies(request).get(COOKIE, ""), now=app.clock())
    attempt = Attempt.of(key, secret)
    if not hmac.compare_digest(request.query.get("state", "").encode(), attempt.state.encode()):
        raise Unauthorized("this answer belongs to another sign-in", code="provider_refused")
    if "code" not in request.query:
        raise Unauthorized("the identity provider let nobody in", code="provider_refused")
    person = provider.person(request.query["code"], request.query.get("iss"), attempt, app.clock())
    wanted = NewUser(
        id=derived_id("usr", person.issuer, person.subject),
        name=person.name,
        email=person.email,
        role=person.role,
        issuer=person.issuer,
        subject=person.subject,
    )
    with app.database.begin() as tx:
        new = tx.users.keep_provided(wanted)
        user = tx.users.get(wanted.id)
        if new:
            actor = Principal("user", user.id).actor
            tx.audit.append(actor, "user.provided", "user", user.id, role=user.role)
    if user.state != "active":
        raise Unauthorized("this account was disabled here", code="account_disabled")
    return let_in(request, app, user, how="provider")


def _provider(app: Function[Settings]) -> Provider:
    from functions.console.provider import Provider

    if app.settings.provider is None:
        raise NotFound("no identity provider is set up", code="provider_not_set_up")
    uri = app.settings.links.public_url.rstrip("/") + CALLBACK
    return Provider(app.settings.provider, uri)
