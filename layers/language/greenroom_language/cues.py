"""The words by which connectives, situation, action, result and empathic wording are told: data that people can read.

A cue is one or several words; between the words of one cue one other word may stand, and ``i/we`` is either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document
from greenroom_language.words import Cutter, Word

Kind = Literal["connective", "situation", "action", "result", "empathic_wording"]
KINDS: tuple[Kind, ...] = ("connective", "situation", "action", "result", "empathic_wording")
BETWEEN = 1
"""Other words between two words of one cue: "we quickly decided", 我首先组织."""

Phrases = Annotated[list[str], Field(min_length=1, max_length=500)]
Cue = tuple[frozenset[str], ...]
"""For each of its words the forms that will do."""


class Cues(Document):
    """`no_content`: words of a question that an answer need not take up."""

    connective: Phrases
    situation: Phrases
    action: Phrases
    result: Phrases
    empathic_wording: Phrases
    no_content: Phrases

    def phrases(self, kind: Kind) -> list[str]:
        return list(getattr(self, kind))

    def vocabulary(self) -> Iterator[str]:
        for kind in KINDS:
            yield from self.phrases(kind)


@cache
def shipped_cues() -> Cues:
    stored = resources.files("greenroom_language") / "cues.json"
    return Cues.parse(stored.read_bytes(), what="cues.json")


def cue(phrase: str, cutter: Cutter) -> Cue:
    """A phrase as its words; `/` stands between alternatives of one word."""
    found: list[frozenset[str]] = []
    for part in phrase.split():
        choices = [cutter.forms(choice) for choice in part.split("/")]
        if len(choices) == 1:
            found += [frozenset({form}) for form in choices[0]]
        else:
            found.append(frozenset(form for forms in choices for form in forms))
    return tuple(found)


def matches(
    words: Sequence[Word], cues: Iterable[Cue], *, between: int = BETWEEN
) -> list[tuple[Cue, Word, Word]]:
    """Every place where a cue stands, as its first and last word, in the order of the text.

    Of several that begin with the same word the longest counts once.
    """
    by_first: dict[str, list[Cue]] = {}
    for one in dict.fromkeys(item for item in cues if item):
        for form in one[0]:
            by_first.setdefault(form, []).append(one)
    found = []
    for at, word in enumerate(words):
        ends = [
            (last, one)
            for one in by_first.get(word.form, ())
            if (last := _last(words, at, one, between)) is not None
        ]
        if ends:
            last, longest = max(ends, key=lambda end: (end[0], len(end[1])))
            found.append((longest, word, words[last]))
    return found


def _last(words: Sequence[Word], first: int, wanted: Cue, between: int) -> int | None:
    """Index of the cue's last word when it begins at `first`."""
    at = first
    for forms in wanted[1:]:
        near = range(at + 1, min(at + 2 + between, len(words)))
        later = next((index for index in near if words[index].form in forms), None)
        if later is None:
            return None
        at = later
    return at
