"""Users and roles: who may enter, as what; only an admin changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.session import visitor_of
from greenroom.domain.access import PERMISSIONS, Permission, Role
from greenroom.domain.errors import Conflict, Forbidden, GreenroomError, Invalid
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import UserRow
    from greenroom.runtime.function import Function

PATH = "/console/users"


def users_page(
    request: Request,
    app: Function[Settings],
    *,
    problem: GreenroomError | None = None,
    password: str | None = None,
    whose: str | None = None,
) -> Response:
    """``GET /console/users``. A new `password` is shown once, in the answer to the form that asked for it."""
    visitor = visitor_of(request)
    with app.database.begin() as tx:
        users = tx.users.all()
    return render(
        request,
        app,
        "users.html",
        status=problem.status if problem else 200,
        users=users,
        roles=list(Role),
        permissions=PERMISSIONS,
        may_change=visitor.may(Permission.USERS_WRITE),
        now=app.clock(),
        problem=problem,
        password=password,
        whose=whose,
    )


def add_user(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/users`` with `login`, `name`, `email`, `role`."""
    from greenroom.runtime.local_accounts import new_account

    visitor = visitor_of(request)
    form = request.form()
    try:
        wanted, password = new_account(
            form.get("login", ""), form.get("name", ""), form.get("email", ""), _role(form)
        )
        with app.database.begin() as tx:
            tx.users.add(wanted)
            tx.audit.append(visitor.actor, "user.added", "user", wanted.id, role=wanted.role)
    except (Invalid, Conflict) as error:
        return users_page(request, app, problem=error)
    return users_page(request, app, password=password, whose=wanted.name)


def change_role(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/users/{user}/role``; what an identity provider says cannot be overruled here."""
    user, role = _other(request, app), _role(request.form())
    if not user.is_local:
        raise Forbidden("the identity provider gives this role", code="account_elsewhere")
    with app.database.begin() as tx:
        tx.users.set_role(user.id, role)
        actor = visitor_of(request).actor
        tx.audit.append(actor, "user.role_changed", "user", user.id, was=user.role, role=role)
    return Response.redirect(PATH)


def change_state(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/users/{user}/state`` with `state`: `disabled` is out at once."""
    user, state = _other(request, app), request.form().get("state")
    if state not in ("active", "disabled"):
        raise Invalid(f"no state {state!r}", code="invalid_form")
    with app.database.begin() as tx:
        tx.users.set_state(user.id, disabled=state == "disabled")
        actor = visitor_of(request).actor
        if state == "disabled":
            tx.audit.append(actor, "user.disabled", "user", user.id)
        else:
            tx.audit.append(actor, "user.enabled", "user", user.id)
    return Response.redirect(PATH)


def reset_user(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/users/{user}/reset``: a new password, no authenticator app, no lock, no session."""
    from greenroom.runtime.local_accounts import reset_account

    user = _other(request, app)
    with app.database.begin() as tx:
        password = reset_account(tx, user)
        tx.audit.append(visitor_of(request).actor, "user.reset", "user", user.id)
    return users_page(request, app, password=password, whose=user.name)


def _other(request: Request, app: Function[Settings]) -> UserRow:
    """The user spoken of. Raises `Conflict` (`own_account`): no admin locks the own door from outside."""
    with app.database.begin() as tx:
        user = tx.users.get(request.params["user"])
    if user.id == visitor_of(request).id:
        raise Conflict("another admin must do this to your account", code="own_account")
    return user


def _role(form: dict[str, str]) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError as error:
        raise Invalid("no such role", code="unknown_role") from error
