"""Reviewers' evaluations of interviews: drafts that only their writer sees, and what was submitted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import EvaluationRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import evaluations
from greenroom.domain.errors import Conflict
from greenroom.domain.evaluations import Evaluation


class Evaluations(Repository):
    def get(self, interview_id: str, reviewer: str) -> EvaluationRow | None:
        """None before the first draft."""
        mine = sa.select(evaluations).where(
            evaluations.c.interview_id == interview_id, evaluations.c.reviewer == reviewer
        )
        row = self._connection.execute(self._held(mine)).first()
        return None if row is None else _row(row)

    def keep_draft(self, interview_id: str, reviewer: str, evaluation: Evaluation) -> None:
        """Replace the draft. Raises `Conflict` (`evaluation_submitted`) when it is one no more."""
        kept = self.get(interview_id, reviewer)
        if kept is not None and kept.submitted_at is not None:
            raise Conflict("this evaluation was submitted", code="evaluation_submitted")
        self._write(interview_id, reviewer, evaluation, submitted_at=None)

    def submit(self, interview_id: str, reviewer: str, evaluation: Evaluation) -> bool:
        """False when it was submitted before; what was submitted first stands."""
        kept = self.get(interview_id, reviewer)
        if kept is not None and kept.submitted_at is not None:
            return False
        self._write(interview_id, reviewer, evaluation, submitted_at=self._clock())
        return True

    def submitted(self, interview_id: str) -> list[EvaluationRow]:
        """In the order in which they were submitted."""
        statement = (
            sa.select(evaluations)
            .where(
                evaluations.c.interview_id == interview_id,
                evaluations.c.submitted_at.is_not(None),
            )
            .order_by(evaluations.c.submitted_at, evaluations.c.reviewer)
        )
        return [_row(row) for row in self._connection.execute(statement)]

    def _write(
        self, interview_id: str, reviewer: str, evaluation: Evaluation, *, submitted_at: Any
    ) -> None:
        row = {
            "interview_id": interview_id,
            "reviewer": reviewer,
            "evaluation": evaluation.model_dump_json(),
            "changed_at": self._clock(),
            "submitted_at": submitted_at,
        }
        self._upsert(evaluations, [row], "interview_id", "reviewer")


def _row(row: sa.Row[tuple[object, ...]]) -> EvaluationRow:
    return EvaluationRow(
        interview_id=row.interview_id,
        reviewer=row.reviewer,
        evaluation=Evaluation.stored(row.evaluation),
        changed_at=row.changed_at,
        submitted_at=row.submitted_at,
    )
