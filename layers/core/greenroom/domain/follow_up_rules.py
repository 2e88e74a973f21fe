"""What an answer lacks, and the one question that asks for it: versioned rules over its reports, pure and repeatable.

The rules are tried in their order, and the first that finds something is the one. Those that need the quality
check alone come first, so that the outcome is the same whether or not the analysis is there already.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.analysis import Analysis, Utterance
from greenroom.domain.asked import Asked
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.model import Document, LocalizedText, Seconds, Share, Slug, text_in
from greenroom.domain.quality import Quality
from greenroom.domain.template import Question, follow_up_id

Words = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=50)]], Field(min_length=1)
]


class Short(Document):
    """The camera's recording is shorter than `of_min` times the question's `min_s`, or `of_max` times its `max_s`."""

    kind: Literal["short"]
    of_min: Annotated[float, Field(ge=1, le=10)]
    of_max: Share


class Worse(Document):
    """A finding of the quality check on the camera, `finding` by its code, is at least `least`."""

    kind: Literal["worse"]
    finding: str
    least: float


class Unsaid(Document):
    """None of `words` was said. Latin words count as whole words, others wherever they stand."""

    kind: Literal["unsaid"]
    words: Words


class Untouched(Document):
    """Of the keywords of one of the question's competencies none was said; its name fills ``{competency}``."""

    kind: Literal["untouched"]


class Lasting(Document):
    """One observation of `module` of the kind `observation` lasts at least `least_s` seconds."""

    kind: Literal["lasting"]
    module: Slug
    observation: Slug
    least_s: Seconds


class Rule(Document):
    """What to look for, and the question to ask where it is found."""

    id: Slug
    finds: Annotated[Short | Worse | Unsaid | Untouched | Lasting, Field(discriminator="kind")]
    text: LocalizedText

    @property
    def by_quality_alone(self) -> bool:
        return isinstance(self.finds, Short | Worse)


class Limits(Document):
    """A follow-up's own limits, in seconds, and its takes."""

    think_s: Seconds
    max_s: Seconds
    takes: Annotated[int, Field(ge=1, le=20)]


class Readable(Document):
    """A transcript that tells what was not said: enough of it, heard well enough, in languages that the rules know.

    `characters` counts without spaces; `confidence` is the mean over them.
    """

    characters: Annotated[int, Field(ge=1)]
    confidence: Share
    languages: list[str]


class FollowUpRules(Document):
    version: str
    limits: Limits
    readable: Readable
    rules: Annotated[list[Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError("two rules have the same id")
        early = [rule.by_quality_alone for rule in self.rules]
        if early != sorted(early, reverse=True):
            raise ValueError("rules that need the quality check alone come first")
        return self


class Lack(Document):
    """What an answer lacks: the rule that found it, and its question in words."""

    rule: Slug
    text: LocalizedText


@cache
def shipped_rules(version: str = "v1") -> FollowUpRules:
    """Rules that come with the product. Raises FileNotFoundError for an unknown version."""
    path = resources.files("greenroom.domain") / "follow_up_rule_sets" / f"{version}.json"
    return FollowUpRules.parse(path.read_bytes(), what=f"follow-up rules {version}")


def find_lack(
    rules: FollowUpRules, asked: Asked, quality: Quality, analysis: Analysis | None
) -> Lack | None:
    """The first rule that finds something, None where none does.

    Without an analysis only the rules speak that need the quality check alone; without a readable transcript those
    about what was said are silent.
    """
    said = said_in(analysis, rules.readable)
    for rule in rules.rules:
        text = _asks(rule, asked, quality, analysis, said)
        if text is not None:
            return Lack(rule=rule.id, text=text)
    return None


def follow_up(question: Question, attempt: int, lack: Lack, rules: FollowUpRules) -> FollowUp:
    """The follow-up to `attempt` at `question`: evidence of the same competencies, with the rules' own limits."""
    return FollowUp(
        id=follow_up_id(question.id),
        text=lack.text,
        competencies=question.competencies,
        think_s=rules.limits.think_s,
        max_s=rules.limits.max_s,
        takes=rules.limits.takes,
        follows=question.id,
        attempt=attempt,
        rule=lack.rule,
        rules_version=rules.version,
    )


def said_in(analysis: Analysis | None, readable: Readable) -> str | None:
    """What was said, where a transcript tells it reliably."""
    heard = [
        item for result in (analysis.modules if analysis else []) for item in result.transcript
    ]
    if any(item.language is not None and item.language not in readable.languages for item in heard):
        return None
    lengths = [_length(item) for item in heard]
    if sum(lengths) < readable.characters:
        return None
    sure = sum(item.confidence * length for item, length in zip(heard, lengths, strict=True))
    if sure / sum(lengths) < readable.confidence:
        return None
    return " ".join(item.text for item in heard)


def is_said(word: str, said: str) -> bool:
    """Whether `word` is part of what was `said`; upper case, full width and an engine's spacing do not matter."""
    wanted, text = _folded(word), _folded(said)
    if wanted.isascii():
        before = "(?<![a-z0-9])" if wanted[:1].isalnum() else ""
        after = "(?![a-z0-9])" if wanted[-1:].isalnum() else ""
        return re.search(before + re.escape(wanted) + after, text) is not None
    return "".join(wanted.split()) in "".join(text.split())


def _asks(
    rule: Rule, asked: Asked, quality: Quality, analysis: Analysis | None, said: str | None
) -> LocalizedText | None:
    """The rule's question where it finds something."""
    match rule.finds:
        case Short() as finds:
            question = asked.question
            least_s = max(finds.of_min * question.min_s, finds.of_max * question.max_s)
            found = (value := _finding(quality, "duration_s")) is not None and value < least_s
        case Worse() as finds:
            found = (value := _finding(quality, finds.finding)) is not None and value >= finds.least
        case Unsaid() as finds:
            found = said is not None and not any(is_said(word, said) for word in finds.words)
        case Untouched():
            return None if said is None else _about_untouched(rule.text, asked, said)
        case Lasting() as finds:
            found = _lasts(finds, analysis)
    return rule.text if found else None


def _about_untouched(text: LocalizedText, asked: Asked, said: str) -> LocalizedText | None:
    """The question about the first competency that has keywords, none of which was said.

    A question that names no competency is about all of them: then any keyword will do.
    """
    if not asked.question.competencies and any(is_said(word, said) for word in asked.keywords()):
        return None
    for competency in asked.competencies:
        if competency.keywords and not any(is_said(word, said) for word in competency.keywords):
            return {
                locale: words.replace("{competency}", text_in(competency.name, locale))
                for locale, words in text.items()
            }
    return None


def _finding(quality: Quality, code: str) -> float | None:
    found = (item for item in quality.findings if item.track == "camera" and item.code == code)
    return next((item.value for item in found), None)


def _lasts(finds: Lasting, analysis: Analysis | None) -> bool:
    return any(
        item.kind == finds.observation and item.end_s - item.start_s >= finds.least_s
        for result in (analysis.modules if analysis else [])
        if result.module == finds.module and result.status == "ok"
        for item in result.observations
    )


def _length(item: Utterance) -> int:
    return len("".join(item.text.split()))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
