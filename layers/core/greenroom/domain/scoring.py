"""Observations → indicators → competencies → total: a pure function of its arguments.

Sums run in the documents' order and results are rounded to one decimal, so a replay gives the same bytes.
No evidence, no number: what was not measured is named with the module that would measure it. Coverage is
carried upwards: of an indicator that is 60 % measured, a competency counts 60 % of the weight as measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from greenroom.domain.analysis import Analysis, Observation
from greenroom.domain.competency import Competency, CompetencyModel, Indicator
from greenroom.domain.mapping import Contribution, Mapping
from greenroom.domain.quality import Quality, TimeRange
from greenroom.domain.scorecard import (
    AnswerSummary,
    CompetencyScore,
    Evidence,
    IndicatorScore,
    Missing,
    Scorecard,
    ScoreStatus,
    Total,
)
from greenroom.domain.template import Question

MAX_RANGES = 50
"""Clips listed per piece of evidence: the longest ones, in order of time."""


@dataclass(frozen=True)
class ScoredAnswer:
    """An answer as scoring sees it. `analysis` is None where nothing was analysed."""

    question: Question
    quality: Quality
    analysis: Analysis | None
    analysis_sha256: str | None


def score_interview(
    interview: str, model: CompetencyModel, mapping: Mapping, answers: list[ScoredAnswer]
) -> Scorecard:
    """Score one interview against its competency model."""
    counted = [answer for answer in answers if _excluded(answer) is None]
    competencies = [_competency(item, mapping, counted) for item in model.competencies]
    return Scorecard(
        interview=interview,
        competency_model=model.id,
        competency_model_version=model.version,
        mapping_version=mapping.version,
        calibrated=mapping.calibrated,
        total=total_of(competencies, mapping),
        competencies=competencies,
        answers=[_summary(answer) for answer in answers],
    )


def _excluded(answer: ScoredAnswer) -> str | None:
    """Why an answer does not count, None when it does."""
    if answer.quality.verdict == "re_record":
        return ": ".join(filter(None, ("re_record", ", ".join(answer.quality.reasons))))
    if answer.analysis is None:
        return "not_analysed"
    return None


def _summary(answer: ScoredAnswer) -> AnswerSummary:
    reason = _excluded(answer)
    return AnswerSummary(
        answer=answer.question.id,
        attempt=answer.quality.attempt,
        verdict=answer.quality.verdict,
        counted=reason is None,
        reason=reason,
        analysis_sha256=answer.analysis_sha256,
    )


def total_of(competencies: list[CompetencyScore], mapping: Mapping) -> Total:
    """The weighted mean of what was scored; none below the mapping's `minimum_coverage` of the weight."""
    score, coverage, status = _weighted(_parts(competencies), 100.0, mapping.minimum_coverage)
    return Total(status=status, score=score, coverage=coverage)


def _competency(
    competency: Competency, mapping: Mapping, answers: list[ScoredAnswer]
) -> CompetencyScore:
    asked = [
        answer
        for answer in answers
        if not answer.question.competencies or competency.id in answer.question.competencies
    ]
    indicators = [_indicator(item, mapping, asked) for item in competency.indicators]
    score, coverage, status = _weighted(_parts(indicators), 100.0, mapping.minimum_coverage)
    return CompetencyScore(
        id=competency.id,
        name=competency.name,
        weight=competency.weight,
        status=status,
        score=score,
        coverage=coverage,
        indicators=indicators,
    )


def _indicator(
    indicator: Indicator, mapping: Mapping, answers: list[ScoredAnswer]
) -> IndicatorScore:
    contributions = mapping.indicators.get(indicator.id, [])
    evidence: list[Evidence] = []
    missing: list[Missing] = []
    parts: list[_Part] = []
    for contribution in contributions:
        found = [item for answer in answers for item in _evidence(contribution, answer)]
        if found:
            evidence.extend(found)
            mean = sum(item.score for item in found) / len(found)
            parts.append(_Part(mean, contribution.weight, coverage=1.0))
        else:
            missing.append(_missing(contribution, answers))
    whole = sum(contribution.weight for contribution in contributions)
    score, coverage, status = _weighted(parts, whole, mapping.minimum_coverage)
    if not contributions:
        reason = f"mapping {mapping.version} does not know {indicator.id}"
        lack = Missing(kind=indicator.id, module="none", code="not_in_mapping", reason=reason)
        missing.append(lack)
    return IndicatorScore(
        id=indicator.id,
        name=indicator.name,
        weight=indicator.weight,
        status=status,
        score=score,
        coverage=coverage,
        evidence=evidence,
        missing=missing,
    )


def _evidence(contribution: Contribution, answer: ScoredAnswer) -> list[Evidence]:
    if answer.analysis is None:
        return []
    for result in answer.analysis.modules:
        if result.module != contribution.module or result.status != "ok":
            continue
        for observation in result.observations:
            if observation.kind == contribution.kind:
                return [
                    Evidence(
                        kind=contribution.kind,
                        module=contribution.module,
                        answer=answer.question.id,
                        attempt=answer.analysis.attempt,
                        value=observation.value,
                        unit=observation.unit,
                        score=round(contribution.score(observation.value), 1),
                        weight=contribution.weight,
                        confidence=observation.confidence,
                        ranges=_clips(contribution, observation, result.observations),
                    )
                ]
    return []


def _clips(
    contribution: Contribution, observation: Observation, observations: list[Observation]
) -> list[TimeRange]:
    """The ranges that show the value; the whole range of the value itself where nothing finer is known."""
    shown = [item for item in observations if item.kind == contribution.evidence]
    shown = sorted(shown, key=lambda item: item.start_s - item.end_s)[:MAX_RANGES] or [observation]
    return [
        TimeRange(start_s=item.start_s, end_s=item.end_s)
        for item in sorted(shown, key=lambda item: (item.start_s, item.end_s))
    ]


def _missing(contribution: Contribution, answers: list[ScoredAnswer]) -> Missing:
    module = contribution.module
    code: str | None
    results = [
        result
        for answer in answers
        if answer.analysis is not None
        for result in answer.analysis.modules
        if result.module == module
    ]
    lacking = [result for result in results if result.reason]
    forbidden = sorted(
        answer.analysis.policy or ""
        for answer in answers
        if answer.analysis is not None
        for result in answer.analysis.modules
        if result.module == module and contribution.kind in result.withheld
    )
    if forbidden:
        code, reason = "policy_forbids", f"policy {forbidden[0]} forbids it"
    elif not answers:
        code, reason = "no_answer", "no answer to measure"
    elif not results:
        code, reason = "not_in_template", f"module {module} is not part of the template"
    elif lacking:
        code, reason = lacking[0].code, lacking[0].reason or ""
    else:
        code, reason = "not_in_version", f"{module} {results[0].version} does not measure this"
    return Missing(kind=contribution.kind, module=module, code=code, reason=reason)


@dataclass(frozen=True)
class _Part:
    """A score that goes into a mean, its weight there, and the share of it that was measured."""

    score: float
    weight: float
    coverage: float


def _parts(scored: Sequence[IndicatorScore] | Sequence[CompetencyScore]) -> list[_Part]:
    return [
        _Part(item.score, item.weight, item.coverage) for item in scored if item.score is not None
    ]


def _weighted(
    parts: list[_Part], whole: float, minimum: float
) -> tuple[float | None, float, ScoreStatus]:
    """Weighted mean of the parts, the covered share of `whole`, and whether that is enough."""
    if not parts:
        return None, 0.0, "not_measured"
    covered = sum(part.weight * part.coverage for part in parts)
    coverage = min(1.0, round(covered / whole, 4))
    if coverage < minimum:
        return None, coverage, "insufficient"
    weight = sum(part.weight for part in parts)
    return round(sum(part.score * part.weight for part in parts) / weight, 1), coverage, "scored"
