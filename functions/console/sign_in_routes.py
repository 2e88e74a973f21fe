"""The way in, and each person's own account; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console", auth=None)
def sign_in_page(request: Request) -> Response:
    from functions.console.sign_in import sign_in_page

    return sign_in_page(request, app)


@app.post("/console/sign-in", auth=None)
def sign_in(request: Request) -> Response:
    from functions.console.sign_in import sign_in

    return sign_in(request, app)


@app.post("/console/sign-in/code", auth=None)
def second_step(request: Request) -> Response:
    from functions.console.sign_in import second_step

    return second_step(request, app)


@app.get("/console/sign-in/provider", auth=None)
def leave(request: Request) -> Response:
    from functions.console.provider_sign_in import leave

    return leave(request, app)


@app.get("/console/sign-in/callback", auth=None)
def come_back(request: Request) -> Response:
    from functions.console.provider_sign_in import come_back

    return come_back(request, app)


@app.post("/console/sign-out", auth=None)
def sign_out(request: Request) -> Response:
    from functions.console.sign_in import sign_out

    return sign_out(request, app)


@app.get("/console/account", auth=None)
def account_page(request: Request) -> Response:
    from functions.console.account import account_page
    from functions.console.door import enter

    return enter(request, app, account_page, "account:write")


@app.post("/console/account/password", auth=None)
def change_password(request: Request) -> Response:
    from functions.console.account import change_password
    from functions.console.door import enter

    return enter(request, app, change_password, "account:write")


@app.post("/console/account/second-factor", auth=None)
def set_up_second_factor(request: Request) -> Response:
    from functions.console.account import set_up_second_factor
    from functions.console.door import enter

    return enter(request, app, set_up_second_factor, "account:write")


@app.post("/console/account/second-factor/removal", auth=None)
def remove_second_factor(request: Request) -> Response:
    from functions.console.account import remove_second_factor
    from functions.console.door import enter

    return enter(request, app, remove_second_factor, "account:write")


@app.post("/console/account/sessions", auth=None)
def end_other_sessions(request: Request) -> Response:
    from functions.console.account import end_other_sessions
    from functions.console.door import enter

    return enter(request, app, end_other_sessions, "account:write")
