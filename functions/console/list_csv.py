"""The list of interviews as CSV, for those who have nothing but a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.list_page import canonical
from functions.console.reading import whole_list
from greenroom.domain.interview import ehr_status
from greenroom.domain.model import text_in
from greenroom.runtime.csv_text import write_csv
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.reading import InterviewList
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

COLUMNS = (
    "interview",
    "external_id",
    "name",
    "email",
    "job",
    "state",
    "ehr_status",
    "deadline",
    "submitted_at",
    "total_score",
    "flags",
)


MOST_ROWS = 5_000
"""About 2 MB: a Lambda function answers with 6 MB at most."""


def csv_of_list(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interview-list/csv``: all that matches the list's filters, on whichever page it stands.

    Raises `Invalid`: `invalid_query`; `too_many_rows` rather than a file that ends somewhere in the middle.
    """
    found = whole_list(canonical(request.query), app, at_most=MOST_ROWS)
    headers = {
        "Content-Disposition": 'attachment; filename="interviews.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response.text(interviews_csv(found), "text/csv; charset=utf-8", headers)


def interviews_csv(found: InterviewList) -> str:
    """One row per interview, a column per competency that has a score on this page."""
    competencies = sorted({name for scores in found.scores.values() for name in scores})
    rows = []
    for row in found.interviews:
        scores = found.scores.get(row.id, {})
        rows.append(
            [
                row.id,
                row.candidate_external_id,
                row.candidate_name,
                row.candidate_email,
                text_in(row.plan.model.job, row.locale),
                row.state.value,
                ehr_status(row.state),
                row.deadline.isoformat(),
                row.submitted_at.isoformat() if row.submitted_at else "",
                _number(row.total_score),
                " ".join(row.flags),
                *(_number(scores.get(name)) for name in competencies),
            ]
        )
    named = [f"score[{name}]" for name in competencies]
    return write_csv([*COLUMNS, *named], rows)


def _number(score: float | None) -> float | str:
    return "" if score is None else score
