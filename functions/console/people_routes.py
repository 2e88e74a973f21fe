"""The pages of users and of the audit log, and what pages are made of; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/users", auth=None)
def users_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.users import users_page

    return enter(request, app, users_page, "users:read", seen="users")


@app.post("/console/users", auth=None)
def add_user(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.users import add_user

    return enter(request, app, add_user, "users:write")


@app.post("/console/users/{user}/role", auth=None)
def change_role(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.users import change_role

    return enter(request, app, change_role, "users:write")


@app.post("/console/users/{user}/state", auth=None)
def change_state(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.users import change_state

    return enter(request, app, change_state, "users:write")


@app.post("/console/users/{user}/reset", auth=None)
def reset_user(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.users import reset_user

    return enter(request, app, reset_user, "users:write")


@app.get("/console/audit", auth=None)
def audit_page(request: Request) -> Response:
    from functions.console.audit import audit_page
    from functions.console.door import enter

    return enter(request, app, audit_page, "audit:read", seen="audit_log")


@app.get("/console/static/{version}/{name}", auth=None)
def static_file(request: Request) -> Response:
    from functions.console.page import PAGES

    return PAGES.static(request)
