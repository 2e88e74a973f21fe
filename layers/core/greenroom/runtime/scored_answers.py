"""Answers as scoring sees them, read from the reports of their attempts in focus."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from greenroom.domain.analysis import Analysis
from greenroom.domain.interview import AnswerState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Quality
from greenroom.domain.scoring import ScoredAnswer

if TYPE_CHECKING:
    from greenroom.adapters.database import AnswerRow, InterviewRow
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.domain.template import Question


def scored_answers(
    interview: InterviewRow, answers: list[AnswerRow], store: ObjectStore
) -> list[ScoredAnswer]:
    """One for each answer that was given; a follow-up that was skipped says nothing.

    Raises `NotFound`, `Invalid` and `Unavailable` as the store and the documents do.
    """
    template = interview.plan.template
    return [
        _scored(answer, template.question(answer.answer_id), store)
        for answer in answers
        if answer.state != AnswerState.SKIPPED
    ]


def _scored(answer: AnswerRow, question: Question, store: ObjectStore) -> ScoredAnswer:
    ref = AttemptRef(answer.interview_id, answer.answer_id, answer.attempt)
    quality = Quality.stored(store.get(ref.quality))
    if answer.state == AnswerState.RE_RECORD:
        return ScoredAnswer(question, quality, analysis=None, analysis_sha256=None)
    body = store.get(ref.analysis)
    return ScoredAnswer(question, quality, Analysis.stored(body), hashlib.sha256(body).hexdigest())
