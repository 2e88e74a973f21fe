"""Records the scores that hold: those of a scorecard, with what people have put in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.override import StandingScores, standing_scores

if TYPE_CHECKING:
    from greenroom.adapters.database import InterviewRow, Transaction
    from greenroom.domain.scorecard import Scorecard


def record_standing(tx: Transaction, row: InterviewRow, scorecard: Scorecard) -> StandingScores:
    """Lists, filters and rankings go by these. The interview must be held."""
    found = standing_scores(scorecard, tx.overrides.of(row.id), row.plan.mapping)
    tx.interviews.record_score(row.id, found.total.score, found.competencies)
    return found
