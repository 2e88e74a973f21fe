"""console: HR's pages, the API of interviews behind them, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Request, Response

app: Function[Settings] = Function("console", "functions.console.settings:Settings")


@app.get("/v1/interviews", auth=app.api_key("interviews:read"))
def list_interviews(request: Request) -> Response:
    from functions.console.api import list_interviews

    return list_interviews(request, app)


@app.get("/v1/interviews/{interview}", auth=app.api_key("interviews:read"))
def read_interview(request: Request) -> Response:
    from functions.console.api import read_interview

    return read_interview(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/results", auth=app.api_key("interviews:read"))
def read_results(request: Request) -> Response:
    from functions.console.api import read_results

    return read_results(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/ledger", auth=app.api_key("interviews:read"))
def read_ledger(request: Request) -> Response:
    from functions.console.api import read_ledger

    return read_ledger(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/evaluation-template", auth=app.api_key("interviews:read"))
def read_evaluation_template(request: Request) -> Response:
    from functions.console.api import read_evaluation_template

    return read_evaluation_template(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/evaluations", auth=app.api_key("interviews:read"))
def read_evaluations(request: Request) -> Response:
    from functions.console.desk import read_evaluations

    return read_evaluations(request, app)


@app.get("/v1/interviews/{interview}/identity/{picture}", auth=app.api_key("identity:read"))
def read_identity(request: Request) -> Response:
    from functions.console.identity import read_identity

    return read_identity(request, app)


@app.put("/v1/interviews/{interview}/time-factor", auth=app.api_key("interviews:write"))
def grant_time(request: Request) -> Response:
    from functions.console.time_factor import grant_time

    return grant_time(request, app)


@app.put("/v1/interviews/{interview}/deadline", auth=app.api_key("interviews:write"))
def extend(request: Request) -> Response:
    from functions.console.actions import extend

    return extend(request, app)


@app.post("/v1/interviews/{interview}/cancel", auth=app.api_key("interviews:write"))
def cancel(request: Request) -> Response:
    from functions.console.actions import cancel

    return cancel(request, app)


@app.post("/v1/interviews/{interview}/remind", auth=app.api_key("interviews:write"))
def remind(request: Request) -> Response:
    from functions.console.actions import remind

    return remind(request, app)


@app.post(
    "/v1/interviews/{interview}/answers/{answer}/re-record", auth=app.api_key("interviews:write")
)
def re_record(request: Request) -> Response:
    from functions.console.actions import re_record

    return re_record(request, app)


@app.get("/v1/api-keys", auth=app.api_key("keys:write"))
def list_keys(request: Request) -> Response:
    from functions.console.keys import list_keys

    return list_keys(app)


@app.post("/v1/api-keys", auth=app.api_key("keys:write"))
def create_key(request: Request) -> Response:
    from functions.console.keys import create_key

    return create_key(request, app)


@app.post("/v1/api-keys/{key}/rotate", auth=app.api_key("keys:write"))
def rotate_key(request: Request) -> Response:
    from functions.console.keys import rotate

    return rotate(request, app)


@app.delete("/v1/api-keys/{key}", auth=app.api_key("keys:write"))
def revoke_key(request: Request) -> Response:
    from functions.console.keys import revoke

    return revoke(request, app)


# The pages check the session themselves, because a person without one is shown the way in, not a problem.
@app.get("/console", auth=None)
def sign_in_page(request: Request) -> Response:
    from functions.console.session import sign_in_page

    return sign_in_page(request, app)


@app.post("/console/sign-in", auth=None)
def sign_in(request: Request) -> Response:
    from functions.console.session import sign_in

    return sign_in(request, app)


@app.post("/console/sign-out", auth=None)
def sign_out(request: Request) -> Response:
    from functions.console.session import sign_out

    return sign_out(app)


@app.get("/console/interviews", auth=None)
def interviews_page(request: Request) -> Response:
    from functions.console.pages import interviews_page

    return interviews_page(request, app)


@app.get("/console/interviews/{interview}", auth=None)
def interview_page(request: Request) -> Response:
    from functions.console.pages import interview_page

    return interview_page(request, app)


@app.get("/console/interviews/{interview}/desk", auth=None)
def desk_page(request: Request) -> Response:
    from functions.console.desk import desk_page

    return desk_page(request, app)


@app.post("/console/interviews/{interview}/evaluation", auth=None)
def keep_evaluation(request: Request) -> Response:
    from functions.console.desk import keep_evaluation

    return keep_evaluation(request, app)


@app.get("/console/monitoring", auth=None)
def monitoring_page(request: Request) -> Response:
    from functions.console.monitoring import monitoring_page

    return monitoring_page(request, app)


@app.get("/console/monitoring/changes", auth=None)
def monitoring_changes(request: Request) -> Response:
    from functions.console.monitoring import monitoring_changes

    return monitoring_changes(request, app)


@app.get("/console/monitoring/summary", auth=None)
def monitoring_summary(request: Request) -> Response:
    from functions.console.monitoring import monitoring_summary

    return monitoring_summary(request, app)


@app.get("/console/interviews/{interview}/identity/{picture}", auth=None)
def identity_page(request: Request) -> Response:
    from functions.console.identity import identity_page

    return identity_page(request, app)


@app.get("/console/static/{version}/{name}", auth=None)
def static_file(request: Request) -> Response:
    from functions.console.session import PAGES

    return PAGES.static(request)
