"""Development after a hire: a new colleague's gaps as a development plan (F6) and as improvement goals (F7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from greenroom.domain.competency import Competency, CompetencyModel
from greenroom.domain.consent import Consents
from greenroom.domain.decision import Outcome
from greenroom.domain.errors import Conflict
from greenroom.domain.evaluations import Evaluation, spreads
from greenroom.domain.model import Document, LocalizedText, Slug
from greenroom.domain.override import Override
from greenroom.domain.scorecard import CompetencyScore, Score, Scorecard

POINT = 10
"""Score for one of a reviewer's 1 to 10 points: 7 points are the 70 that a target of 70 asks for."""
Basis = Literal["override", "reviewers", "software"]


class WeakIndicator(Document):
    """A sub-indicator that software scored below the competency's target."""

    id: Slug
    name: LocalizedText
    score: Score


class Gap(Document):
    """A competency whose `level` lies below the `target` of the job.

    `basis`: what a person put in the place of software's score, else the mean of the reviewers' points, else the
    software's score.
    """

    competency: Slug
    name: LocalizedText
    weight: float
    target: Score
    level: Score
    basis: Basis
    indicators: list[WeakIndicator]


class DevelopmentArea(Gap):
    """`courses`: what the competency model names against this gap, by the training system's own codes."""

    courses: list[str]


class ImprovementGoal(Document):
    """From `baseline` to `target`; `measured_by` names the competency's sub-indicators."""

    competency: Slug
    name: LocalizedText
    baseline: Score
    basis: Basis
    target: Score
    measured_by: list[LocalizedText]


class _OfHired(Document):
    interview: str
    candidate: str
    """As EHR and OA name the person: `external_id`."""
    job: LocalizedText
    competency_model: Slug
    competency_model_version: Annotated[int, Field(ge=1)]
    hired_at: AwareDatetime


class Hired(_OfHired):
    """Whom a plan is for."""


class DevelopmentPlan(_OfHired):
    """For the training system. The widest gap in weight comes first; no areas: nothing lies below its target."""

    areas: list[DevelopmentArea]


class ImprovementGoals(_OfHired):
    """For the performance system, in the order of the development plan."""

    goals: list[ImprovementGoal]


def check_development(outcome: Outcome | None, consents: Consents) -> None:
    """Raises `Conflict`: `not_hired`, `development_not_agreed` without the consent to it."""
    if outcome != "hire":
        raise Conflict("the candidate is not hired", code="not_hired")
    if not consents.development:
        raise Conflict(
            "the candidate has not agreed to a development plan", code="development_not_agreed"
        )


def development_plan(hired: Hired, model: CompetencyModel, gaps: Sequence[Gap]) -> DevelopmentPlan:
    courses = {item.id: item.courses for item in model.competencies}
    areas = [DevelopmentArea(**dict(gap), courses=courses[gap.competency]) for gap in gaps]
    return DevelopmentPlan(**dict(hired), areas=areas)


def improvement_goals(
    hired: Hired, model: CompetencyModel, gaps: Sequence[Gap]
) -> ImprovementGoals:
    indicators = {item.id: [one.name for one in item.indicators] for item in model.competencies}
    goals = [
        ImprovementGoal(
            competency=gap.competency,
            name=gap.name,
            baseline=gap.level,
            basis=gap.basis,
            target=gap.target,
            measured_by=[one.name for one in gap.indicators] or indicators[gap.competency],
        )
        for gap in gaps
    ]
    return ImprovementGoals(**dict(hired), goals=goals)


def gaps_of(
    model: CompetencyModel,
    scorecard: Scorecard | None,
    evaluations: Sequence[Evaluation],
    overrides: Mapping[str, Override] | None = None,
) -> list[Gap]:
    """The competencies below their targets, the widest gap times weight first; what nobody measured is no gap."""
    scores = {item.id: item for item in (scorecard.competencies if scorecard else [])}
    points = {item.competency: item.mean for item in spreads(evaluations, model)}
    found = []
    for competency in model.competencies:
        score = scores.get(competency.id)
        if overrides and competency.id in overrides:
            gap = _gap(competency, overrides[competency.id].score, "override", score)
        elif competency.id in points:
            gap = _gap(competency, points[competency.id] * POINT, "reviewers", score)
        elif score is not None and score.score is not None:
            gap = _gap(competency, score.score, "software", score)
        else:
            continue
        if gap.level < gap.target:
            found.append(gap)
    return sorted(found, key=lambda gap: -(gap.target - gap.level) * gap.weight)


def _gap(competency: Competency, level: float, basis: Basis, score: CompetencyScore | None) -> Gap:
    weak = [
        WeakIndicator(id=item.id, name=item.name, score=item.score)
        for item in (score.indicators if score else [])
        if item.score is not None and item.score < competency.target
    ]
    return Gap(
        competency=competency.id,
        name=competency.name,
        weight=competency.weight,
        target=competency.target,
        level=round(level, 1),
        basis=basis,
        indicators=sorted(weak, key=lambda item: item.score),
    )
