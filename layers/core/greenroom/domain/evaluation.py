"""The evaluation template 评估模板: what a reviewer rates, and where in the recordings to look (F5).

Made from the competency model; the suggested ranges are those that the score's evidence rests on, and what the
candidate marked. It suggests where to look, never what to think: it holds no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.competency import Competency
from greenroom.domain.manifest import KeyMoment
from greenroom.domain.model import Document, LocalizedText, Seconds, Slug
from greenroom.domain.plan import Plan
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.template import Question, TrackName

MAX_SUGGESTED = 5
"""Ranges suggested for one competency: a reviewer watches a few, not fifty."""
CONTEXT_S = 5.0
"""Seconds before and after a piece of evidence, without which it is hard to judge."""
MARKED_S = 30.0
"""Seconds suggested from a marked moment on."""


class SuggestedRange(Document):
    """建议查看: seconds from the recording's start. `because` is `marked` or the observation kind."""

    answer: Slug
    track: TrackName
    start_s: Seconds
    end_s: Seconds
    because: str
    note: str = ""


class RatedCompetency(Document):
    """One line of the form: the questions that were to show it, and where to look."""

    competency: Slug
    name: LocalizedText
    weight: float
    indicators: list[LocalizedText]
    answers: list[Slug]
    suggested: Annotated[list[SuggestedRange], Field(max_length=MAX_SUGGESTED)]


class EvaluationTemplate(Document):
    interview: str
    least: Literal[1] = 1
    most: Literal[10] = 10
    competencies: list[RatedCompetency]


def evaluation_template(
    interview: str,
    plan: Plan,
    scorecard: Scorecard | None,
    moments: Mapping[str, Sequence[KeyMoment]],
    durations_s: Mapping[tuple[str, TrackName], float],
) -> EvaluationTemplate:
    """The form for one interview; `moments` by answer, `durations_s` of the recordings that there are."""
    suggest = _Suggestions(scorecard, moments, durations_s)
    return EvaluationTemplate(
        interview=interview,
        competencies=[
            RatedCompetency(
                competency=competency.id,
                name=competency.name,
                weight=competency.weight,
                indicators=[indicator.name for indicator in competency.indicators],
                answers=[question.id for question in _asked(competency, plan.template.questions)],
                suggested=suggest.for_competency(
                    competency, _asked(competency, plan.template.questions)
                ),
            )
            for competency in plan.model.competencies
        ],
    )


def _asked(competency: Competency, questions: Sequence[Question]) -> list[Question]:
    """The questions about a competency; one that names none is about all."""
    return [
        question
        for question in questions
        if not question.competencies or competency.id in question.competencies
    ]


class _Suggestions:
    def __init__(
        self,
        scorecard: Scorecard | None,
        moments: Mapping[str, Sequence[KeyMoment]],
        durations_s: Mapping[tuple[str, TrackName], float],
    ) -> None:
        self._scores = {item.id: item for item in (scorecard.competencies if scorecard else [])}
        self._moments = moments
        self._durations_s = durations_s

    def for_competency(
        self, competency: Competency, asked: Sequence[Question]
    ) -> list[SuggestedRange]:
        """What the candidate marked first, then the longest evidence; in order of answer and time."""
        answers = [question.id for question in asked]
        found = [*self._marked(answers), *self._evidence(competency)]
        chosen: list[SuggestedRange] = []
        for item in found:
            if len(chosen) < MAX_SUGGESTED and not any(_overlap(item, other) for other in chosen):
                chosen.append(item)
        return sorted(chosen, key=lambda item: (answers.index(item.answer), item.start_s))

    def _marked(self, answers: Sequence[str]) -> list[SuggestedRange]:
        return [
            found
            for answer in answers
            for moment in self._moments.get(answer, ())
            if (
                found := self._range(
                    answer, "camera", moment.at_s, moment.at_s + MARKED_S, "marked", moment.note
                )
            )
        ]

    def _evidence(self, competency: Competency) -> list[SuggestedRange]:
        scored = self._scores.get(competency.id)
        found = [
            self._range(
                evidence.answer,
                "screen" if evidence.module == "screen" else "camera",
                clip.start_s - CONTEXT_S,
                clip.end_s + CONTEXT_S,
                evidence.kind,
            )
            for indicator in (scored.indicators if scored else [])
            for evidence in indicator.evidence
            for clip in evidence.ranges
        ]
        ranges = [item for item in found if item is not None]
        return sorted(ranges, key=lambda item: item.start_s - item.end_s)

    def _range(
        self,
        answer: str,
        track: TrackName,
        start_s: float,
        end_s: float,
        because: str,
        note: str = "",
    ) -> SuggestedRange | None:
        """Within the recording; None where there is no such recording."""
        duration_s = self._durations_s.get((answer, track), 0.0)
        start_s, end_s = max(0.0, start_s), min(end_s, duration_s)
        if start_s >= end_s:
            return None
        return SuggestedRange(
            answer=answer,
            track=track,
            start_s=round(start_s, 1),
            end_s=round(end_s, 1),
            because=because,
            note=note,
        )


def _overlap(one: SuggestedRange, other: SuggestedRange) -> bool:
    return (
        (one.answer, one.track) == (other.answer, other.track)
        and one.start_s < other.end_s
        and other.start_s < one.end_s
    )
