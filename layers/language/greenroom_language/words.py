"""Cuts text into words, English at its spaces, Chinese by jieba with the job's own words in its dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

_RUNS = re.compile(r"(?P<han>[\u3400-\u9fff]+)|(?P<latin>[^\W_]+(?:['’][^\W_]+)?)")
HAN = re.compile(r"[\u3400-\u9fff]+")
_SHORTEST_STEM = 4


@dataclass(frozen=True)
class Word:
    """A word in the form that it is compared by, and where it stands: letters `first` up to `end` (excluded)."""

    form: str
    first: int
    end: int


class Cutter:
    """Cuts texts; `vocabulary` are words that stay whole (团队协作 is otherwise two).

    jieba, which takes a second to load, is loaded with the first Chinese letter.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        runs = (run for word in vocabulary for run in HAN.findall(word))
        self._vocabulary = tuple(dict.fromkeys(run for run in runs if len(run) > 1))
        self._jieba: Any = None

    def words(self, text: str) -> list[Word]:
        found: list[Word] = []
        for run in _RUNS.finditer(text):
            if run.lastgroup == "latin":
                found.append(Word(stem(run.group()), run.start(), run.end()))
                continue
            at = run.start()
            for word in self._cut(run.group()):
                found.append(Word(word, at, at + len(word)))
                at += len(word)
        return found

    def forms(self, text: str) -> tuple[str, ...]:
        return tuple(word.form for word in self.words(text))

    def _cut(self, han: str) -> list[str]:
        if self._jieba is None:
            self._jieba = _tokenizer(self._vocabulary)
        # Without the hidden Markov model, which joins what no dictionary holds: 我先 is no word.
        return self._jieba.lcut(han, HMM=False)  # type: ignore[no-any-return]


def stem(word: str) -> str:
    """An English word without its commonest endings: trained, training and trains are one."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word.isascii():
        for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("s", "")):
            left = len(word) - len(ending)
            if (
                word.endswith(ending)
                and left >= _SHORTEST_STEM - (ending == "s")
                and word[-2:] != "ss"
            ):
                return word[:left] + instead
    return word


def _tokenizer(vocabulary: Iterable[str]) -> Any:
    """A tokenizer of this vocabulary alone: another answer's words must not change how this one is cut."""
    import jieba

    made = jieba.Tokenizer()
    frequencies, total = _dictionary()
    made.FREQ, made.total, made.initialized = dict(frequencies), total, True
    for word in vocabulary:
        made.add_word(word)
    return made


@cache
def _dictionary() -> tuple[dict[str, int], int]:
    """jieba's dictionary, from its own file: the cache that it keeps in the system's folder anyone may have written."""
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    frequencies, total = jieba.Tokenizer.gen_pfdict(jieba.Tokenizer().get_dict_file())
    return frequencies, total
