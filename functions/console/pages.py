"""The page of one interview with its scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console import reading
from functions.console.page import render
from functions.console.scorecard_view import ScorecardView
from functions.console.session import visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.interview import ehr_status
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


def interview_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interviews/{interview}``: scorecard, answers, process log, webhooks."""
    wanted = request.params["interview"]
    visitor = visitor_of(request)
    found = reading.interview(wanted, app)
    plan = found.row.plan
    return render(
        request,
        app,
        "interview.html",
        interview=found,
        questions={item.id: item for item in plan.template.questions},
        numbers=plan.numbers,
        follow_ups=plan.follow_ups,
        card=ScorecardView(found),
        names=reading.names([one.by for one in found.overrides.values()], app),
        may_override=False,
        log=reading.process_log(wanted, app),
        deliveries=reading.deliveries(wanted, app),
        pictures=reading.identity_pictures(wanted, app),
        may_look=visitor.may(Permission.IDENTITY_READ),
        may_assign=visitor.may(Permission.INTERVIEWS_WRITE),
        interviewers=reading.interviewers(wanted, app),
        keeping=reading.keeping(wanted, app),
        ehr_status=ehr_status,
    )
