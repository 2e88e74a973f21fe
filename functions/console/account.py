"""One's own account: password, authenticator app, other sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.session import begin, visitor_of
from greenroom.domain.errors import Conflict, Forbidden, GreenroomError, Invalid
from greenroom.runtime.http import Request, Response
from greenroom.runtime.tokens import issue_step_token, read_step_token

if TYPE_CHECKING:
    from functions.console.session import Visitor
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

Act = Callable[["Request", "Function[Settings]", "Visitor"], str | None]
"""What a form asks for; a cookie where a new session begins."""
PATH = "/console/account"
SET_UP_WITHIN = timedelta(minutes=15)


def account_page(
    request: Request, app: Function[Settings], *, problem: GreenroomError | None = None
) -> Response:
    """``GET /console/account?done=``. The authenticator app's secret is kept once a code proves that the app has it."""
    import segno

    from greenroom.runtime.second_factor import address, new_secret, sealed

    visitor, key = visitor_of(request), app.settings.tokens.key.get_secret_value()
    user = visitor.user
    picture = secret = proof = None
    if user.is_local and user.totp_secret is None:
        secret = new_secret()
        proof = issue_step_token(
            key, "enrolment", sealed(secret, user.id, key), app.clock() + SET_UP_WITHIN
        )
        code = segno.make_qr(address(secret, user.login or user.email))
        picture = code.svg_data_uri(scale=5, border=4)
    return render(
        request,
        app,
        "account.html",
        status=problem.status if problem else 200,
        user=user,
        picture=picture,
        secret=secret,
        proof=proof,
        done=request.query.get("done"),
        problem=problem,
    )


def change_password(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/account/password`` with `old` and `new`: ends all sessions and begins a new one."""
    return _done(request, app, _change_password, "password")


def set_up_second_factor(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/account/second-factor`` with `proof` and a first `code`; one that is there must go first."""
    return _done(request, app, _set_up_second_factor, "second_factor")


def remove_second_factor(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/account/second-factor/removal`` with the `password`."""
    return _done(request, app, _remove_second_factor, "removed")


def end_other_sessions(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/account/sessions``: everywhere else one is signed out."""
    visitor = visitor_of(request)
    with app.database.begin() as tx:
        count = tx.sessions.end_others(visitor.id, visitor.session_sha256)
        tx.audit.append(visitor.actor, "sessions.ended", "user", visitor.id, count=count)
    return Response.redirect(f"{PATH}?done=sessions")


def _change_password(request: Request, app: Function[Settings], visitor: Visitor) -> str | None:
    from greenroom.runtime.passwords import hashed

    form = request.form()
    _check_password(form.get("old", ""), app, visitor)
    kept = hashed(form.get("new", ""))
    with app.database.begin() as tx:
        tx.users.set_password(visitor.id, kept)
        tx.audit.append(visitor.actor, "password.changed", "user", visitor.id)
        return begin(tx, app, visitor.user, request)


def _set_up_second_factor(
    request: Request, app: Function[Settings], visitor: Visitor
) -> str | None:
    from greenroom.runtime.second_factor import matching_step, opened

    form, key = request.form(), app.settings.tokens.key.get_secret_value()
    kept = read_step_token(key, "enrolment", form.get("proof", ""), now=app.clock())
    step = matching_step(opened(kept, visitor.id, key), form.get("code", ""), app.clock())
    if step is None:
        raise Invalid("this code is not the one of now", code="code_wrong")
    with app.database.begin() as tx:
        if tx.users.get(visitor.id).totp_secret is not None:
            raise Conflict("an authenticator app is set up already", code="second_factor_exists")
        tx.users.set_second_factor(visitor.id, kept)
        tx.users.use_step(visitor.id, step)
        tx.audit.append(visitor.actor, "second_factor.set_up", "user", visitor.id)
    return None


def _remove_second_factor(
    request: Request, app: Function[Settings], visitor: Visitor
) -> str | None:
    _check_password(request.form().get("password", ""), app, visitor)
    with app.database.begin() as tx:
        tx.users.set_second_factor(visitor.id, None)
        tx.audit.append(visitor.actor, "second_factor.removed", "user", visitor.id)
    return None


def _check_password(password: str, app: Function[Settings], visitor: Visitor) -> None:
    """Somebody at an unlocked screen shall not take the account over. Raises `Forbidden` (`password_wrong`)."""
    from greenroom.runtime.passwords import is_password

    with app.database.begin() as tx:
        allowed = tx.users.count_attempt(visitor.id)
    if not allowed or not is_password(password, visitor.user.password_hash):
        raise Forbidden("this is not your password", code="password_wrong")
    with app.database.begin() as tx:
        tx.users.let_in(visitor.id)


def _done(request: Request, app: Function[Settings], act: Act, what: str) -> Response:
    """Do it and say so on the account's page, or say there why not."""
    visitor = visitor_of(request)
    try:
        if not visitor.user.is_local:
            raise Forbidden("your identity provider keeps this account", code="account_elsewhere")
        started = act(request, app, visitor)
    except GreenroomError as error:
        if error.status >= 500:
            raise
        return account_page(request, app, problem=error)
    headers = {"Set-Cookie": started} if started else {}
    return Response.redirect(f"{PATH}?done={what}", headers)
