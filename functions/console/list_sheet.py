"""The list of interviews as CSV or as an Excel workbook, for those who have nothing but a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.interview import ehr_status
from greenroom.domain.model import text_in
from greenroom.runtime.csv_text import write_csv
from greenroom.runtime.workbook import write_xlsx

if TYPE_CHECKING:
    from functions.console.reading import InterviewList

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


def interviews_csv(found: InterviewList) -> str:
    return write_csv(*_table(found))


def interviews_xlsx(found: InterviewList) -> bytes:
    return write_xlsx("interviews", *_table(found))


def _table(found: InterviewList) -> tuple[list[str], list[list[str | float]]]:
    """Header and rows: one row per interview, a column per competency that has a score on this page."""
    competencies = sorted({name for scores in found.scores.values() for name in scores})
    rows: list[list[str | float]] = []
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
    return [*COLUMNS, *named], rows


def _number(score: float | None) -> float | str:
    return "" if score is None else score
