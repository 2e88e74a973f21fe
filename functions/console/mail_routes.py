"""The pages that show mails before they are sent; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/mails", auth=None)
def mails_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mail_preview import mails_page

    return enter(request, app, mails_page, "interviews:read")


@app.get("/console/mails/{mail}", auth=None)
def mail_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mail_preview import mail_page

    return enter(request, app, mail_page, "interviews:read")


@app.get("/console/mails/{mail}/html", auth=None)
def mail_html(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mail_preview import mail_html

    return enter(request, app, mail_html, "interviews:read")
