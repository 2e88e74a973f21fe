"""portal: the candidate's page behind the personal link, and the JSON that clients read instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Request, Response

app: Function[Settings] = Function("portal", "functions.portal.settings:Settings")


# The token in the path is the credential; the page itself answers for a bad one.
@app.get("/i/{token}", auth=None)
def interview_page(request: Request) -> Response:
    from functions.portal.page import interview_page

    return interview_page(request, app)


@app.post("/i/{token}/consents", auth=None)
def consents_form(request: Request) -> Response:
    from functions.portal.page import consents_form

    return consents_form(request, app)


@app.get("/portal/static/{version}/{name}", auth=None)
def static_file(request: Request) -> Response:
    from functions.portal.page import PAGES

    return PAGES.static(request)


@app.get("/portal/service-worker.js", auth=None)
def service_worker(request: Request) -> Response:
    from functions.portal.page import service_worker

    return service_worker(request)


@app.get("/v1/candidate/interview", auth=app.candidate())
def read_interview(request: Request) -> Response:
    from functions.portal.interview import read_interview

    return read_interview(request, app)


@app.get("/v1/candidate/ledger", auth=app.candidate())
def read_ledger(request: Request) -> Response:
    from functions.portal.received import read_ledger

    return read_ledger(request, app)


@app.put("/v1/candidate/consents", auth=app.candidate())
def put_consents(request: Request) -> Response:
    from functions.portal.consents import put_consents

    return put_consents(request, app)
