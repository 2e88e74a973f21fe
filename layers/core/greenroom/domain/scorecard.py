"""scorecard.json: what was scored, from which clips, and what could not be measured and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document, LocalizedText, Sha256, Share, Slug
from greenroom.domain.quality import TimeRange, Verdict

Score = Annotated[float, Field(ge=0, le=100)]
ScoreStatus = Literal["scored", "insufficient", "not_measured"]


class Evidence(Document):
    """One measured value in one answer, the score it gives, and the clips that show it."""

    kind: Slug
    module: Slug
    answer: str
    attempt: int
    value: float
    unit: str
    score: Score
    weight: float
    confidence: Share
    ranges: list[TimeRange]


class Missing(Document):
    """What would have to be measured: an observation kind, the module that measures it, and why it is not there.

    `code` is stable (`greenroom.domain.analysis.LACKS`), `reason` says the same in words.
    """

    kind: Slug
    module: Slug
    code: Slug | None = None
    reason: str


class IndicatorScore(Document):
    id: Slug
    name: LocalizedText
    weight: float
    status: ScoreStatus
    score: Score | None
    coverage: Share
    evidence: list[Evidence]
    missing: list[Missing]


class CompetencyScore(Document):
    """`coverage` is the share of the indicators' weight that was measured: weight times own coverage."""

    id: Slug
    name: LocalizedText
    weight: float
    status: ScoreStatus
    score: Score | None
    coverage: Share
    indicators: list[IndicatorScore]


class AnswerSummary(Document):
    """Whether an answer counts, and if not, why: one bad answer does not void the others."""

    answer: str
    attempt: int
    verdict: Verdict
    counted: bool
    reason: str | None = None
    analysis_sha256: Sha256 | None = None


class Total(Document):
    """Weighted mean over the scored competencies; `coverage` is their share of all weight.

    None when the coverage is below the mapping's minimum: a total over a rest would mislead.
    """

    status: ScoreStatus
    score: Score | None
    coverage: Share


class Scorecard(Document):
    interview: str
    competency_model: Slug
    competency_model_version: int
    mapping_version: str
    calibrated: bool
    decided_by: Literal["human"] = "human"
    total: Total
    competencies: list[CompetencyScore]
    answers: list[AnswerSummary]
