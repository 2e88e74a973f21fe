"""console: HR's pages, the API of interviews behind them, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Request, Response

app: Function[Settings] = Function("console", "functions.console.settings:Settings")


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


# The door checks sessions itself, because a person without one is shown the way in, not a problem.
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


@app.get("/console/interviews", auth=None)
def interviews_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.pages import interviews_page

    return enter(
        request, app, interviews_page, "interviews:read", "interviews:assigned", seen="interviews"
    )


@app.get("/console/interviews/{interview}", auth=None)
def interview_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.pages import interview_page

    return enter(
        request, app, interview_page, "interviews:read", "interviews:assigned", seen="interview"
    )


@app.get("/console/interviews/{interview}/desk", auth=None)
def desk_page(request: Request) -> Response:
    from functions.console.desk import desk_page
    from functions.console.door import enter

    return enter(request, app, desk_page, "interviews:read", "interviews:assigned", seen="desk")


@app.post("/console/interviews/{interview}/evaluation", auth=None)
def keep_evaluation(request: Request) -> Response:
    from functions.console.desk import keep_evaluation
    from functions.console.door import admit

    return keep_evaluation(admit(request, app, "evaluations:write"), app)


@app.post("/console/interviews/{interview}/decision", auth=None)
def decide_at_desk(request: Request) -> Response:
    from functions.console.decision import decide_at_desk
    from functions.console.door import admit

    return decide_at_desk(admit(request, app, "interviews:write"), app)


@app.post("/console/interviews/{interview}/interviewers", auth=None)
def assign(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.interviewers import assign

    return enter(request, app, assign, "interviews:write")


@app.get("/console/interviews/{interview}/identity/{picture}", auth=None)
def identity_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.identity import identity_page

    return enter(request, app, identity_page, "identity:read", seen="identity_picture")


@app.get("/console/monitoring", auth=None)
def monitoring_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.monitoring import monitoring_page

    return enter(request, app, monitoring_page, "interviews:read", seen="monitoring")


@app.get("/console/monitoring/changes", auth=None)
def monitoring_changes(request: Request) -> Response:
    from functions.console.door import admit
    from functions.console.monitoring import monitoring_changes

    return monitoring_changes(admit(request, app, "interviews:read"), app)


@app.get("/console/monitoring/summary", auth=None)
def monitoring_summary(request: Request) -> Response:
    from functions.console.door import admit
    from functions.console.monitoring import monitoring_summary

    return monitoring_summary(admit(request, app, "interviews:read"), app)


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
