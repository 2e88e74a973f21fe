"""The door of the console: every page for people goes through it, with a session, a permission and a form's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.console.page import trouble
from functions.console.session import Visitor, check_form, check_origin, session_of
from functions.console.sign_in import sign_in_page
from greenroom.domain.access import Permission, demand
from greenroom.domain.errors import GreenroomError, NotFound, Unauthorized
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

Page = Callable[[Request, "Function[Settings]"], Response]


def enter(
    request: Request,
    app: Function[Settings],
    page: Page,
    *any_of: str,
    seen: str | None = None,
) -> Response:
    """The page, for a visitor whose role has one of these permissions; else the way in, or why not.

    Somebody who sees assigned interviews alone comes to no other. What is `seen` stands in the audit log before
    it is shown.
    """
    try:
        request = admit(request, app, *any_of, seen=seen)
    except Unauthorized as error:
        return sign_in_page(request, app, problem=error)
    except GreenroomError as error:
        return _refused(request, app, error)
    try:
        return page(request, app)
    except GreenroomError as error:
        return _refused(request, app, error)


def admit(
    request: Request, app: Function[Settings], *any_of: str, seen: str | None = None
) -> Request:
    """The request with its visitor, for answers that scripts read.

    Raises `Unauthorized`, `Forbidden` (`role_forbids`, `other_site`, `form_stale`), `NotFound` (`unknown_interview`).
    """
    if request.method == "POST":
        check_origin(request)
    visitor = session_of(request, app)
    request = replace(request, principal=visitor)
    demand(visitor.user.role, *map(Permission, any_of))
    if request.method == "POST":
        check_form(request, visitor)
    interview = request.params.get("interview")
    with app.database.begin() as tx:
        if interview is not None and visitor.interviewer is not None:
            _only_assigned(visitor, interview, assigned=tx.interviewers.of(interview))
        if seen is not None:
            which = next(iter(request.params.values()), "")[:200]
            tx.audit.append(visitor.actor, f"{seen}.seen", seen, which)
    return request


def _only_assigned(visitor: Visitor, interview: str, *, assigned: list[str]) -> None:
    """Whether the interview exists is nothing that others need to know."""
    if visitor.user.email not in assigned:
        raise NotFound(f"no interview {interview}", code="unknown_interview")


def _refused(request: Request, app: Function[Settings], error: GreenroomError) -> Response:
    if error.status >= 500:
        raise error
    return trouble(request, app, error)
