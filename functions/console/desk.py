"""The reviewer's desk 面试官工作台: the recording with everything known about it, and the evaluation form beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.console import reading
from functions.console.api import evaluation_template_of
from functions.console.desk_timeline import Timeline, in_required_language, timeline, transcript
from functions.console.page import render
from functions.console.scorecard_view import ScorecardView
from functions.console.session import Visitor, visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.decision import DECIDABLE, OUTCOMES
from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.domain.evaluations import (
    Evaluation,
    SubmittedEvaluation,
    check_complete,
    spreads,
)
from greenroom.domain.interview import ehr_status
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.console.settings import Settings
    from greenroom.adapters.database import EvaluationRow
    from greenroom.domain.analysis import Utterance
    from greenroom.domain.manifest import Manifest
    from greenroom.domain.template import Question
    from greenroom.runtime.function import Function


@dataclass(frozen=True)
class Chapter:
    """One question and its answer; a follow-up has its question's number.

    `screen_offset_s`: how much later than the camera's the screen's track begins.
    """

    number: int
    question: Question
    answer: reading.Answer
    timeline: Timeline | None
    transcript: list[Utterance]
    in_required_language: float | None
    screen_offset_s: float


def desk_page(
    request: Request, app: Function[Settings], *, problem: GreenroomError | None = None
) -> Response:
    """``GET /console/interviews/{interview}/desk``: what others submitted is shown to who has submitted.

    With a `problem` it answers a form, and stands in the audit log as any other look. An interviewer sees of the
    person's other interviews those that are assigned as well.
    """
    wanted = request.params["interview"]
    visitor = visitor_of(request)
    found = reading.interview(wanted, app)
    row = found.row
    with app.database.begin() as tx:
        if problem is not None:
            tx.audit.append(visitor.actor, "desk.seen", "desk", wanted)
        mine = tx.evaluations.get(wanted, visitor.id)
        submitted = tx.evaluations.submitted(wanted)
        history = tx.interviews.find(
            candidate=row.candidate_external_id, interviewer=visitor.interviewer
        )
        resume = tx.interviews.resume(row.candidate_external_id)
        decisions = tx.decisions.all(wanted)
        people = {
            *(one.reviewer for one in submitted),
            *(one.decided_by for one in decisions),
            *(one.by for one in found.overrides.values()),
        }
        reviewers = tx.users.names(sorted(people))
    may_rate = visitor.may(Permission.EVALUATIONS_WRITE)
    has_submitted = mine is not None and mine.submitted_at is not None
    # Whoever rates is blind before; an auditor, who does not, reads all.
    unveiled = has_submitted or not may_rate
    return render(
        request,
        app,
        "desk.html",
        status=problem.status if problem else 200,
        problem=problem,
        interview=found,
        chapters=_chapters(found),
        numbers=row.plan.numbers,
        follow_ups=row.plan.follow_ups,
        card=ScorecardView(found),
        names=reviewers,
        may_override=found.scorecard is not None and visitor.may(Permission.INTERVIEWS_WRITE),
        form=evaluation_template_of(found),
        mine=mine.evaluation if mine else Evaluation(),
        ratings={item.competency: item for item in mine.evaluation.ratings} if mine else {},
        unveiled=unveiled,
        has_submitted=has_submitted,
        reviewers=reviewers,
        decisions=decisions,
        outcomes=OUTCOMES if _decidable(found, visitor) else (),
        submitted=submitted if unveiled else [],
        waiting_for=len(submitted),
        spreads={
            item.competency: item
            for item in spreads([one.evaluation for one in submitted], row.plan.model)
        }
        if unveiled
        else {},
        history=[other for other in history if other.id != wanted],
        resume=resume,
        ehr_status=ehr_status,
    )


def _decidable(found: reading.Interview, visitor: Visitor) -> bool:
    return found.row.state in DECIDABLE and visitor.may(Permission.INTERVIEWS_WRITE)


def keep_evaluation(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/interviews/{interview}/evaluation``: the form, kept as a draft or submitted.

    With ``action=draft`` 204. What was submitted stands; a form that is not complete comes back with what is missing.
    Raises `NotFound`, `Invalid`, `Conflict` (`evaluation_submitted`).
    """
    who = visitor_of(request)
    wanted = request.params["interview"]
    form = request.form()
    submitting = form.get("action") == "submit"
    incomplete: Invalid | None = None
    with app.changes() as tx:
        # A draft that is on its way while one submits would make a draft of it again.
        tx.interviews.hold(wanted)
        model = tx.interviews.get(wanted).plan.model
        evaluation = _evaluation(form, [item.id for item in model.competencies])
        if submitting:
            try:
                check_complete(evaluation, model)
            except Invalid as error:
                incomplete = error
        if submitting and incomplete is None:
            tx.evaluations.submit(wanted, who.id, evaluation)
            tx.audit.append(who.actor, "evaluation.submitted", "interview", wanted)
        else:
            tx.evaluations.keep_draft(wanted, who.id, evaluation)
    if incomplete is not None:
        return desk_page(request, app, problem=incomplete)
    if submitting:
        return Response.redirect(f"/console/interviews/{wanted}/desk#evaluation")
    return Response.empty()


def read_evaluations(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/evaluations``: what was submitted, with the spread. Raises `NotFound`."""
    wanted = request.params["interview"]
    with app.database.begin() as tx:
        model = tx.interviews.get(wanted).plan.model
        submitted = tx.evaluations.submitted(wanted)
    return Response.json(
        {
            "interview": wanted,
            "evaluations": [_shown(row) for row in submitted],
            "spread": [
                item.model_dump(mode="json")
                for item in spreads([row.evaluation for row in submitted], model)
            ],
        }
    )


def _shown(row: EvaluationRow) -> dict[str, object]:
    shown = SubmittedEvaluation(reviewer=row.reviewer, evaluation=row.evaluation)
    return shown.model_dump(mode="json")


def _chapters(found: reading.Interview) -> list[Chapter]:
    answers = {answer.row.answer_id: answer for answer in found.answers}
    plan = found.row.plan
    return [
        Chapter(
            plan.numbers[question.id],
            question,
            answers[question.id],
            timeline(answers[question.id]),
            transcript(answers[question.id].analysis),
            in_required_language(answers[question.id].analysis),
            _screen_offset_s(answers[question.id].manifest),
        )
        for question in plan.template.questions
    ]


def _screen_offset_s(manifest: Manifest | None) -> float:
    """Both tracks run on the attempt's clock, and each file begins with its own first part."""
    starts = {
        track.track: track.segments[0].parts[0].start_ms
        for track in (manifest.tracks if manifest else [])
        if track.segments and track.segments[0].parts
    }
    if "camera" not in starts or "screen" not in starts:
        return 0.0
    return (starts["screen"] - starts["camera"]) / 1000


def _evaluation(form: Mapping[str, str], competencies: list[str]) -> Evaluation:
    """Raises `Invalid` (`invalid_document`) for points that are none, notes that are too long."""
    return Evaluation.parse(
        json.dumps(
            {
                "ratings": [
                    {
                        "competency": competency,
                        "points": form.get(f"points-{competency}") or None,
                        "note": form.get(f"note-{competency}", ""),
                    }
                    for competency in competencies
                ],
                "recommendation": form.get("recommendation") or None,
                "note": form.get("note", ""),
            }
        ),
        what="evaluation",
    )
