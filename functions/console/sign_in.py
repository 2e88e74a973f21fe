"""Signing in with an account of this machine: a password, then a code where an authenticator app is set up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.session import (
    begin,
    check_form,
    check_origin,
    cookie,
    session_of,
)
from greenroom.domain.errors import Forbidden, GreenroomError, NotFound, Unauthorized
from greenroom.runtime.http import Principal, Request, Response
from greenroom.runtime.tokens import issue_step_token, read_step_token

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import UserRow
    from greenroom.runtime.function import Function

HOME = "/console/interviews"
CODE_WITHIN = timedelta(minutes=5)


def sign_in_page(
    request: Request, app: Function[Settings], *, problem: GreenroomError | None = None
) -> Response:
    """``GET /console``: the way in; for somebody signed in, the interviews."""
    if problem is None:
        try:
            session_of(request, app)
        except Unauthorized:
            pass
        else:
            return Response.redirect(HOME)
    return render(
        request,
        app,
        "sign_in.html",
        status=problem.status if problem else 200,
        problem=problem,
        provider=app.settings.provider is not None,
        local=app.settings.local_accounts,
    )


def sign_in(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/sign-in`` with the form's `login` and `password`."""
    try:
        check_origin(request)
        if not app.settings.local_accounts:
            raise Forbidden("local accounts are switched off", code="local_accounts_off")
        form = request.form()
        user = _who(form.get("login", "").strip(), form.get("password", ""), app)
    except GreenroomError as error:
        return sign_in_page(request, app, problem=error)
    if user.totp_secret is not None:
        return _code_page(request, app, user)
    return let_in(request, app, user, how="password")


def second_step(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/sign-in/code`` with the form's `step` (proof of the password) and `code`."""
    key = app.settings.tokens.key.get_secret_value()
    try:
        check_origin(request)
        form = request.form()
        user_id = read_step_token(key, "second_factor", form.get("step", ""), now=app.clock())
        with app.database.begin() as tx:
            user = tx.users.get(user_id)
        try:
            _check_code(user, form.get("code", ""), app)
        except Unauthorized as error:
            if error.code != "code_wrong":
                raise
            return _code_page(request, app, user, problem=error)
    except GreenroomError as error:
        return sign_in_page(request, app, problem=error)
    return let_in(request, app, user, how="password+code")


def let_in(request: Request, app: Function[Settings], user: UserRow, *, how: str) -> Response:
    """A new session for somebody who has proved who they are."""
    actor = Principal("user", user.id).actor
    with app.database.begin() as tx:
        tx.audit.append(actor, "signed_in", "user", user.id, how=how)
        started = begin(tx, app, user, request)
    return Response.redirect(HOME, {"Set-Cookie": started})


def sign_out(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/sign-out``; who is out already stays out."""
    away = Response.redirect("/console", {"Set-Cookie": cookie(app, "", 0)})
    try:
        check_origin(request)
        visitor = session_of(request, app)
        check_form(request, visitor)
    except Unauthorized:
        return away
    except Forbidden as error:
        return sign_in_page(request, app, problem=error)
    with app.database.begin() as tx:
        tx.sessions.end(visitor.session_sha256)
        tx.audit.append(visitor.actor, "signed_out", "user", visitor.id)
    return away


def _who(login: str, password: str, app: Function[Settings]) -> UserRow:
    """Raises `Unauthorized` (`sign_in_wrong`: whatever it was, `account_locked`)."""
    from greenroom.runtime.passwords import is_password

    user = None
    with app.database.begin() as tx:
        try:
            user = tx.users.by_login(login)
        except NotFound:
            allowed = True
        else:
            allowed = tx.users.count_attempt(user.id)
    if not allowed:
        raise _locked()
    right = is_password(password, user.password_hash if user else None)
    if user is None or not right or user.state != "active":
        if user is not None:
            _note_failure(user, "password", app)
        raise Unauthorized("no such account, or another password", code="sign_in_wrong")
    return user


def _check_code(user: UserRow, code: str, app: Function[Settings]) -> None:
    """Raises `Unauthorized` (`code_wrong`, `account_locked`, `sign_in_wrong`)."""
    from greenroom.runtime.second_factor import matching_step, opened

    with app.database.begin() as tx:
        allowed = tx.users.count_attempt(user.id)
    if not allowed:
        raise _locked()
    if user.totp_secret is None or user.state != "active":
        raise Unauthorized("sign in anew", code="sign_in_wrong")
    secret = opened(user.totp_secret, user.id, app.settings.tokens.key.get_secret_value())
    step = matching_step(secret, code, app.clock())
    with app.database.begin() as tx:
        good = step is not None and tx.users.use_step(user.id, step)
    if not good:
        _note_failure(user, "code", app)
        raise Unauthorized("this code is not the one of now", code="code_wrong")


def _note_failure(user: UserRow, what: str, app: Function[Settings]) -> None:
    with app.database.begin() as tx:
        actor = Principal("user", user.id).actor
        tx.audit.append(actor, "sign_in_failed", "user", user.id, wrong=what)


def _code_page(
    request: Request,
    app: Function[Settings],
    user: UserRow,
    *,
    problem: GreenroomError | None = None,
) -> Response:
    key = app.settings.tokens.key.get_secret_value()
    step = issue_step_token(key, "second_factor", user.id, app.clock() + CODE_WITHIN)
    status = problem.status if problem else 200
    return render(request, app, "code.html", status=status, step=step, problem=problem)


def _locked() -> Unauthorized:
    return Unauthorized("too many failures; try again later", code="account_locked")
