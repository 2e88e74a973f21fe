"""Scores that people put in the place of software's, one per competency of an interview."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.rule_tables import score_overrides
from greenroom.adapters.database.statements import Repository
from greenroom.domain.override import NewOverride, Override

_O = score_overrides.c


class Overrides(Repository):
    def of(self, interview_id: str) -> dict[str, Override]:
        """By competency."""
        mine = sa.select(score_overrides).where(_O.interview_id == interview_id)
        return {
            row.competency: Override(
                competency=row.competency,
                score=row.score,
                reason=row.reason,
                by=row.overridden_by,
                at=row.overridden_at,
            )
            for row in self._connection.execute(mine.order_by(_O.competency))
        }

    def put(self, interview_id: str, competency: str, wanted: NewOverride, by: str) -> None:
        """In the place of an earlier one. The interview must be held."""
        row = {
            "interview_id": interview_id,
            "competency": competency,
            "score": wanted.score,
            "reason": wanted.reason,
            "overridden_by": by,
            "overridden_at": self._clock(),
        }
        self._upsert(score_overrides, [row], "interview_id", "competency")

    def remove(self, interview_id: str, competency: str | None = None) -> bool:
        """One, or all of an interview; whether there was any."""
        gone = sa.delete(score_overrides).where(_O.interview_id == interview_id)
        if competency is not None:
            gone = gone.where(_O.competency == competency)
        return self._connection.execute(gone).rowcount > 0
