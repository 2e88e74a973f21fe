"""The pages: the list of interviews, and one interview with its scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from functions.console import reading
from functions.console.scorecard_view import ScorecardView
from functions.console.session import PAGES, language_cookie, locale_of, session_of, sign_in_page
from greenroom.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from greenroom.domain.interview import InterviewState, ehr_status
from greenroom.runtime.http import Request, Response
from greenroom.runtime.pages import content_security_policy

if TYPE_CHECKING:
    from typing import Any

    from functions.console.settings import Settings
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.function import Function


def interviews_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interviews?state=&batch=&after=``."""
    try:
        session_of(request, app)
        asked = {name: value for name, value in request.query.items() if name != "lang"}
        found = reading.interview_list(asked, app)
    except (Unauthorized, Forbidden) as error:
        return sign_in_page(request, app, problem=error)
    except (Conflict, Invalid, NotFound) as error:
        return trouble(request, app, error)
    kept = {name: value for name, value in asked.items() if value and name != "after"}
    following = found.after and "?" + urlencode({**kept, "after": found.after})
    return render(
        request,
        app,
        "interviews.html",
        interviews=found.interviews,
        following=following,
        first=not request.query.get("after"),
        kept=kept,
        states=list(InterviewState),
        ehr_status=ehr_status,
    )


def interview_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interviews/{interview}``: scorecard, answers, process log, webhooks."""
    wanted = request.params["interview"]
    try:
        who = session_of(request, app)
        found = reading.interview(wanted, app)
    except (Unauthorized, Forbidden) as error:
        return sign_in_page(request, app, problem=error)
    except NotFound as error:
        return trouble(request, app, error)
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
        log=reading.process_log(wanted, app),
        deliveries=reading.deliveries(wanted, app),
        pictures=reading.identity_pictures(wanted, app),
        may_look="identity:read" in who.scopes,
        ehr_status=ehr_status,
    )


def trouble(request: Request, app: Function[Settings], error: GreenroomError) -> Response:
    return render(request, app, "trouble.html", status=error.status, problem=error)


def render(
    request: Request, app: Function[Settings], template: str, *, status: int = 200, **values: Any
) -> Response:
    store = app.settings.store
    policy = content_security_policy(media=[store.public_endpoint or store.endpoint])
    return PAGES.render(
        template,
        locale_of(request),
        time_zone=app.settings.time_zone,
        status=status,
        headers={**policy, **language_cookie(request)},
        **values,
    )
