"""The question bank (A3): bilingual questions by competency, and the choice among them for one job and one résumé."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.competency import Competency, CompetencyModel
from greenroom.domain.errors import NotFound
from greenroom.domain.model import Document, LocalizedText, Slug
from greenroom.domain.template import Question, TrackName

Kind = Literal["behaviour", "screen", "opinion", "role_play"]
"""An experience told, work shown on the screen, a view argued for, or a scene acted."""

Keyword = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class KindRules(Document):
    """What goes with a kind of question: the hint to the candidate, the tracks, and limits in seconds."""

    hint: LocalizedText
    tracks: list[TrackName]
    think_s: float
    min_s: float
    max_s: float


class BankQuestion(Document):
    """One question; `keywords` are words of a résumé for which it is the better choice.

    A `retired` one is chosen no more; interviews that asked it are as they were.
    """

    id: Slug
    competency: Slug
    kind: Kind
    keywords: Annotated[list[Keyword], Field(max_length=50)]
    text: LocalizedText
    retired: bool = False


class QuestionBank(Document):
    version: str
    kinds: dict[Kind, KindRules]
    questions: Annotated[list[BankQuestion], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have the same id")
        missing = {question.kind for question in self.questions} - set(self.kinds)
        if missing:
            raise ValueError(f"no rules for {', '.join(sorted(missing))}")
        return self


@cache
def shipped_bank(version: str = "v1") -> QuestionBank:
    """A bank that comes with the product. Raises FileNotFoundError for an unknown version."""
    path = resources.files("greenroom.domain") / "question_banks" / f"{version}.json"
    return QuestionBank.parse(path.read_bytes(), what=f"question bank {version}")


def with_own(bank: QuestionBank, own: Sequence[BankQuestion]) -> QuestionBank:
    """`bank` with a company's questions: one with the id of another takes its place, others come last.

    The version then tells of what: two banks that differ never have the same.
    """
    if not own:
        return bank
    mine = {question.id: question for question in own}
    kept = [mine.pop(question.id, question) for question in bank.questions]
    said = b"".join(question.canonical() for question in own)
    return QuestionBank(
        version=f"{bank.version}+{hashlib.sha256(said).hexdigest()[:12]}",
        kinds=bank.kinds,
        questions=[*kept, *mine.values()],
    )


def in_bank(bank: QuestionBank, question_id: str) -> BankQuestion:
    """Raises `NotFound` (`unknown_bank_question`)."""
    for question in bank.questions:
        if question.id == question_id:
            return question
    raise NotFound(f"no question {question_id[:64]!r} in the bank", code="unknown_bank_question")


def asked(bank: QuestionBank, question_id: str) -> Question:
    """A question of the bank as a template asks it. Raises `NotFound` (`unknown_bank_question`)."""
    return _asked(in_bank(bank, question_id), bank)


def choose_questions(
    model: CompetencyModel,
    keywords: Sequence[str],
    count: int,
    *,
    bank: QuestionBank | None = None,
    screen: bool = True,
) -> list[Question]:
    """`count` questions for a job: as many per competency as its weight earns, the résumé's words first.

    Deterministic: the same model, keywords, count and bank give the same list. A competency that the bank
    does not know gets a question made of its name. Without `screen` nothing asks to share one.
    """
    bank = bank or shipped_bank()
    chosen: list[Question] = []
    for competency, share in zip(model.competencies, _shares(model, count), strict=True):
        fitting = [
            question
            for question in bank.questions
            if question.competency == competency.id
            and not question.retired
            and (screen or "screen" not in bank.kinds[question.kind].tracks)
        ]
        # sorted() is stable: among equals the bank's own order decides.
        ranked = sorted(fitting, key=lambda question: -_matches(question, keywords))
        chosen += [_asked(question, bank) for question in ranked[:share]]
        if share > len(ranked):
            chosen.append(_by_name(competency, bank))
    return chosen[:count]


def _shares(model: CompetencyModel, count: int) -> list[int]:
    """Whole numbers that add up to `count`, nearest to the weights (largest remainder, Hamilton)."""
    exact = [competency.weight * count / 100 for competency in model.competencies]
    shares = [int(value) for value in exact]
    by_remainder = sorted(
        range(len(exact)), key=lambda index: (shares[index] - exact[index], index)
    )
    for index in by_remainder[: count - sum(shares)]:
        shares[index] += 1
    return shares


def _matches(question: BankQuestion, keywords: Sequence[str]) -> int:
    """How many of the question's words occur in the résumé's, or hold one of them."""
    resume = [word.casefold() for word in keywords]
    return sum(
        any(word.casefold() in other or other in word.casefold() for other in resume)
        for word in question.keywords
    )


def _asked(question: BankQuestion, bank: QuestionBank) -> Question:
    rules = bank.kinds[question.kind]
    return Question(
        id=question.id,
        text=question.text,
        hint=rules.hint,
        competencies=[question.competency],
        tracks=rules.tracks,
        think_s=rules.think_s,
        min_s=rules.min_s,
        max_s=rules.max_s,
    )


def _by_name(competency: Competency, bank: QuestionBank) -> Question:
    rules = bank.kinds["behaviour"]
    names = competency.name
    text: LocalizedText = {}
    if "zh-CN" in names:
        text["zh-CN"] = (
            f"请讲述一次体现你“{names['zh-CN']}”的经历：当时的情况、你做了什么、结果如何。"
        )
    if "en" in names:
        text["en"] = (
            f"Tell us about a time that shows your {names['en'].lower()}: "
            "the situation, what you did, and the result."
        )
    return Question(
        id=f"{competency.id[:60]}-0",
        text=text,
        hint=rules.hint,
        competencies=[competency.id],
        tracks=rules.tracks,
        think_s=rules.think_s,
        min_s=rules.min_s,
        max_s=rules.max_s,
    )
