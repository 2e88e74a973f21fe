"""Steps of the guided start, from the page into the process log 面试流程日志."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.errors import Conflict
from greenroom.domain.events import EventType
from greenroom.domain.presence import MAX_STEPS, StepReport
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function


def report_steps(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/steps``: each step once, however often it is told.

    Raises `Invalid` (`invalid_document`), `Conflict` (`too_many_steps`).
    """
    report = request.document(StepReport)
    accepted = 0
    with app.changes() as tx:
        tx.interviews.hold(request.who.id)
        told = tx.process_log.count(request.who.id, EventType.CANDIDATE_STEP)
        if told + len(report.steps) > MAX_STEPS:
            raise Conflict(f"{told} steps were told, {MAX_STEPS} are kept", code="too_many_steps")
        for step in report.steps:
            details = {**step.details, "step": step.step, "at": step.at.isoformat()}
            row = tx.process_log.append(
                request.who.id, EventType.CANDIDATE_STEP, details, once=f"step:{step.id}"
            )
            accepted += row is not None
            if step.passes_checks:
                tx.process_log.append(request.who.id, EventType.CHECKS_PASSED, once="checks_passed")
    return Response.json({"accepted": accepted})
