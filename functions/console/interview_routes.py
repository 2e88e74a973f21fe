"""The pages of interviews, the desk and monitoring; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/interviews", auth=None)
def interviews_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.list_page import interviews_page

    return enter(
        request, app, interviews_page, "interviews:read", "interviews:assigned", seen="interviews"
    )


@app.get("/console/interview-list/csv", auth=None)
def interviews_csv(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.list_sheet import csv_of_list

    return enter(request, app, csv_of_list, "interviews:read", seen="interview_list_file")


@app.get("/console/interview-list/xlsx", auth=None)
def interviews_xlsx(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.list_sheet import xlsx_of_list

    return enter(request, app, xlsx_of_list, "interviews:read", seen="interview_list_file")


@app.post("/console/bulk", auth=None)
def confirm_bulk(request: Request) -> Response:
    from functions.console.bulk import confirm_page
    from functions.console.door import enter

    return enter(request, app, confirm_page, "interviews:write", seen="interviews")


@app.post("/console/bulk/run", auth=None)
def run_bulk(request: Request) -> Response:
    from functions.console.bulk import run_page
    from functions.console.door import enter

    return enter(request, app, run_page, "interviews:write")


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


@app.post("/console/interviews/{interview}/scores/{competency}", auth=None)
def override_at_desk(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.override import override_at_desk

    return enter(request, app, override_at_desk, "interviews:write")


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
