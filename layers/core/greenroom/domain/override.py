"""Overrides: a person's score in the place of software's, with a reason. A layer beside the scorecard, never in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from greenroom.domain.mapping import Mapping as ScoringMapping
from greenroom.domain.model import Document, Slug
from greenroom.domain.scorecard import Score, Scorecard, Total
from greenroom.domain.scoring import total_of


class NewOverride(Document):
    """`score` 0–100 in the place of one competency's; `reason` is for the log and later questions."""

    score: Score
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Override(NewOverride):
    """`by`: the id of the user or API key."""

    competency: Slug
    by: str
    at: AwareDatetime


class StandingScores(Document):
    """What holds now: software's scores, but a person's where there is one, and the total over these."""

    total: Total
    competencies: dict[Slug, Score | None]


def standing_scores(
    scorecard: Scorecard, overrides: Mapping[str, Override], mapping: ScoringMapping
) -> StandingScores:
    """A competency that a person scored counts with its whole weight; the total follows by the scorecard's own rule."""
    competencies = [
        item.model_copy(
            update={"score": overrides[item.id].score, "status": "scored", "coverage": 1.0}
        )
        if item.id in overrides
        else item
        for item in scorecard.competencies
    ]
    return StandingScores(
        total=total_of(competencies, mapping),
        competencies={item.id: item.score for item in competencies},
    )
