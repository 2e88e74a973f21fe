"""Evaluations 评估: what reviewers say of an interview, each by themselves, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Invalid
from greenroom.domain.model import Document, Slug

Points = Annotated[int, Field(ge=1, le=10)]
Note = Annotated[str, StringConstraints(max_length=4000)]
Recommendation = Literal["advance", "undecided", "reject"]


class Rating(Document):
    """One competency: points from 1 to 10, None while it is open, and why."""

    competency: Slug
    points: Points | None = None
    note: Note = ""


class Evaluation(Document):
    """A reviewer's whole form. A draft may be empty."""

    ratings: Annotated[list[Rating], Field(max_length=50)] = []
    recommendation: Recommendation | None = None
    note: Note = ""


class SubmittedEvaluation(Document):
    """An evaluation that is shown to others; `reviewer` is who submitted it."""

    reviewer: str
    evaluation: Evaluation


class Spread(Document):
    """How far reviewers are apart on one competency: points from 1 to 10."""

    competency: Slug
    n: int
    lowest: Points
    mean: float
    highest: Points


def check_complete(evaluation: Evaluation, model: CompetencyModel) -> None:
    """Raise `Invalid` (`evaluation_incomplete`, with `missing`) for a form that cannot be submitted."""
    given = {item.competency for item in evaluation.ratings if item.points is not None}
    missing = [item.id for item in model.competencies if item.id not in given]
    if evaluation.recommendation is None:
        missing.append("recommendation")
    if missing:
        raise Invalid(
            f"not filled in yet: {', '.join(missing)}",
            code="evaluation_incomplete",
            missing=missing,
        )


def spreads(evaluations: Sequence[Evaluation], model: CompetencyModel) -> list[Spread]:
    """Per competency of the model that somebody rated, in the model's order."""
    found = []
    for competency in model.competencies:
        points = [
            rating.points
            for evaluation in evaluations
            for rating in evaluation.ratings
            if rating.competency == competency.id and rating.points is not None
        ]
        if points:
            found.append(
                Spread(
                    competency=competency.id,
                    n=len(points),
                    lowest=min(points),
                    mean=round(fmean(points), 2),
                    highest=max(points),
                )
            )
    return found
