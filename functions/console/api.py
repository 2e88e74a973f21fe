"""The read API: interviews, one interview, its results, as EHR and OA ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console.reading import Answer, Interview, interview, interview_list
from greenroom.domain.evaluation import EvaluationTemplate, evaluation_template
from greenroom.domain.interview import ehr_status
from greenroom.runtime.http import XLSX, Request, Response
from greenroom.runtime.paging import links, next_page

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import AnswerRow, DecisionRow, InterviewRow
    from greenroom.runtime.function import Function

PATH = "/v1/interviews"


def list_interviews(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/interviews``, as CSV or as an Excel workbook for who accepts only that.

    The next page is in `next` and in the `Link` header (RFC 8288).
    """
    found = interview_list(request.query, app)
    following = next_page(PATH, request.query, found.after)
    headers = {**links(PATH, request.query, following), "Vary": "Accept"}
    accepted = request.headers.get("accept", "").lower()
    if accepted.startswith(XLSX):
        from functions.console.list_sheet import interviews_xlsx

        named = {**headers, "Content-Disposition": 'attachment; filename="interviews.xlsx"'}
        return Response.file(interviews_xlsx(found), XLSX, named)
    if accepted.startswith("text/csv"):
        from functions.console.list_sheet import interviews_csv

        return Response.text(interviews_csv(found), "text/csv; charset=utf-8", headers)
    listed = [{**summary(row), "scores": found.scores.get(row.id, {})} for row in found.interviews]
    return Response.json({"interviews": listed, "next": following}, headers=headers)


def read_interview(interview_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}``: where it stands, answer by answer."""
    with app.database.begin() as tx:
        row = tx.interviews.get(interview_id)
        answers = tx.interviews.answers(interview_id)
        consents = tx.interviews.consents(interview_id)
        decisions = tx.decisions.all(interview_id)
        deleted = tx.disposals.dates(interview_id)
        held = tx.legal_holds.reason(interview_id)
    document = {
        **summary(row),
        "answers": [_answer_state(answer, row) for answer in answers],
        "consents": consents.model_dump() if consents else None,
        "decisions": decisions_of(decisions),
        "retention": {kind: at.isoformat() if at else None for kind, at in deleted.items()},
        "legal_hold": held,
    }
    return Response.json(document)


def read_results(interview_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/results``: recordings, quality, analysis, scorecard, loss."""
    found = interview(interview_id, app)
    return Response.json(
        {
            "interview": found.row.id,
            "state": found.row.state,
            "ehr_status": ehr_status(found.row.state),
            "answers": [_results(answer, found.row) for answer in found.answers],
            "scorecard": found.scorecard.model_dump(mode="json") if found.scorecard else None,
            "standing": found.standing.model_dump(mode="json") if found.standing else None,
            "overrides": [item.model_dump(mode="json") for item in found.overrides.values()],
            "loss_ms": found.loss_ms,
        }
    )


def read_ledger(interview_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/ledger``: recorded against saved, every gap with its cause."""
    return Response.json(interview(interview_id, app).ledger)


def summary(row: InterviewRow) -> dict[str, Any]:
    """One interview as lists and actions tell of it."""
    return {
        "interview": row.id,
        "batch": row.batch_id,
        "candidate": {
            "external_id": row.candidate_external_id,
            "name": row.candidate_name,
            "email": row.candidate_email,
        },
        "state": row.state,
        "ehr_status": ehr_status(row.state),
        "job": dict(row.plan.model.job),
        "competency_model": row.plan.model.id,
        "deadline": row.deadline.isoformat(),
        "created_at": row.created_at.isoformat(),
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "total_score": row.total_score,
        "flags": row.flags,
        "links": {
            "self": f"/v1/interviews/{row.id}",
            "results": f"/v1/interviews/{row.id}/results",
            "page": f"/console/interviews/{row.id}",
        },
    }


def decisions_of(rows: list[DecisionRow]) -> list[dict[str, Any]]:
    """Oldest first; the last one holds."""
    return [
        {
            **row.decision.model_dump(mode="json"),
            "decided_by": row.decided_by,
            "decided_at": row.decided_at.isoformat(),
        }
        for row in rows
    ]


def read_evaluation_template(interview_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/evaluation-template``: what a reviewer rates, and where to look."""
    return Response.json(evaluation_template_of(interview(interview_id, app)))


def evaluation_template_of(found: Interview) -> EvaluationTemplate:
    """The form for an interview as far as it has come."""
    durations_s = {
        (answer.row.answer_id, track.track): track.duration_s
        for answer in found.answers
        for track in answer.tracks
    }
    moments = {answer.row.answer_id: answer.key_moments for answer in found.answers}
    return evaluation_template(found.row.id, found.row.plan, found.scorecard, moments, durations_s)


def _answer_state(row: AnswerRow, interview: InterviewRow) -> dict[str, Any]:
    """`follow_up` is the question that was added, with the reason for it; null for one of the plan's own."""
    offered = interview.plan.follow_ups.get(row.answer_id)
    return {
        "answer": row.answer_id,
        "state": row.state,
        "attempt": row.attempt,
        "attempts": row.seals,
        "follow_up": offered.model_dump(mode="json") if offered else None,
    }


def _results(answer: Answer, interview: InterviewRow) -> dict[str, Any]:
    recordings = {
        track.track: {
            "status": track.status,
            "reason": track.reason,
            "key": track.recording,
            "size": track.size,
            "sha256": track.sha256,
            "duration_s": track.duration_s,
            "download_url": answer.links.get(track.track),
        }
        for track in answer.tracks
    }
    return {
        **_answer_state(answer.row, interview),
        "recordings": recordings,
        "key_moments": [moment.model_dump(mode="json") for moment in answer.key_moments],
        "assembly": answer.assembly.model_dump(mode="json") if answer.assembly else None,
        "quality": answer.quality.model_dump(mode="json") if answer.quality else None,
        "analysis": answer.analysis.model_dump(mode="json") if answer.analysis else None,
    }
