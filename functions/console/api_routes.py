"""The API of interviews, their results, keys and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/v1/interviews", auth=app.api_key("interviews:read", seen="interviews"))
def list_interviews(request: Request) -> Response:
    from functions.console.api import list_interviews

    return list_interviews(request, app)


@app.get("/v1/interviews/{interview}", auth=app.api_key("interviews:read", seen="interview"))
def read_interview(request: Request) -> Response:
    from functions.console.api import read_interview

    return read_interview(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/results", auth=app.api_key("interviews:read", seen="results"))
def read_results(request: Request) -> Response:
    from functions.console.api import read_results

    return read_results(request.params["interview"], app)


@app.get("/v1/interviews/{interview}/ledger", auth=app.api_key("interviews:read", seen="ledger"))
def read_ledger(request: Request) -> Response:
    from functions.console.api import read_ledger

    return read_ledger(request.params["interview"], app)


@app.get(
    "/v1/interviews/{interview}/evaluation-template",
    auth=app.api_key("interviews:read", seen="evaluation_template"),
)
def read_evaluation_template(request: Request) -> Response:
    from functions.console.api import read_evaluation_template

    return read_evaluation_template(request.params["interview"], app)


@app.get(
    "/v1/interviews/{interview}/evaluations",
    auth=app.api_key("interviews:read", seen="evaluations"),
)
def read_evaluations(request: Request) -> Response:
    from functions.console.desk import read_evaluations

    return read_evaluations(request, app)


@app.get(
    "/v1/interviews/{interview}/identity/{picture}",
    auth=app.api_key("identity:read", seen="identity_picture"),
)
def read_identity(request: Request) -> Response:
    from functions.console.identity import read_identity

    return read_identity(request, app)


@app.get(
    "/v1/interviews/{interview}/development-plan",
    auth=app.api_key("interviews:read", seen="development_plan"),
)
def read_development_plan(request: Request) -> Response:
    from functions.console.development import read_development_plan

    return read_development_plan(request, app)


@app.get(
    "/v1/interviews/{interview}/improvement-goals",
    auth=app.api_key("interviews:read", seen="improvement_goals"),
)
def read_improvement_goals(request: Request) -> Response:
    from functions.console.development import read_improvement_goals

    return read_improvement_goals(request, app)


@app.put("/v1/interviews/{interview}/time-factor", auth=app.api_key("interviews:write"))
def grant_time(request: Request) -> Response:
    from functions.console.time_factor import grant_time

    return grant_time(request, app)


@app.put("/v1/interviews/{interview}/deadline", auth=app.api_key("interviews:write"))
def extend(request: Request) -> Response:
    from functions.console.actions import extend

    return extend(request, app)


@app.put("/v1/interviews/{interview}/legal-hold", auth=app.api_key("interviews:write"))
def place_hold(request: Request) -> Response:
    from functions.console.legal_hold import place_hold

    return place_hold(request, app)


@app.delete("/v1/interviews/{interview}/legal-hold", auth=app.api_key("interviews:write"))
def lift_hold(request: Request) -> Response:
    from functions.console.legal_hold import lift_hold

    return lift_hold(request, app)


@app.post("/v1/interviews/{interview}/cancel", auth=app.api_key("interviews:write"))
def cancel(request: Request) -> Response:
    from functions.console.actions import cancel

    return cancel(request, app)


@app.post("/v1/interviews/{interview}/decision", auth=app.api_key("interviews:write"))
def decide(request: Request) -> Response:
    from functions.console.decision import decide

    return decide(request, app)


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


@app.put("/v1/interviews/{interview}/scores/{competency}", auth=app.api_key("interviews:write"))
def put_override(request: Request) -> Response:
    from functions.console.override import put_override

    return put_override(request, app)


@app.delete("/v1/interviews/{interview}/scores/{competency}", auth=app.api_key("interviews:write"))
def delete_override(request: Request) -> Response:
    from functions.console.override import delete_override

    return delete_override(request, app)


@app.get("/v1/api-keys", auth=app.api_key("keys:write", seen="api_keys"))
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


@app.put("/v1/interviews/{interview}/interviewers", auth=app.api_key("interviews:write"))
def put_interviewers(request: Request) -> Response:
    from functions.console.interviewers import put_interviewers

    return put_interviewers(request, app)


@app.get("/v1/audit-log", auth=app.api_key("audit:read", seen="audit_log"))
def read_audit_log(request: Request) -> Response:
    from functions.console.audit import read_audit_log

    return read_audit_log(request, app)
