"""From what was said to observations: languages, connectives, structure, keywords, empathic wording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from greenroom.domain.analysis import Observation
from greenroom.domain.asked import Asked
from greenroom_language.cues import KINDS, Cue, Kind, cue, matches, shipped_cues
from greenroom_language.said import Said
from greenroom_language.words import HAN, Cutter, Word

LANGUAGES = ("zh", "yue", "en", "ja", "ko")
"""ISO 639 codes told apart by name; any other is `language_other`."""
PROVIDES = (
    *KINDS,
    *("connectives_per_min", "structure", "structure_share", "empathic_wording_share"),
    *("keyword", "keyword_share", "question_word", "question_share"),
    *(f"language_{code}" for code in (*LANGUAGES, "other")),
    "required_language_share",
)
ENOUGH_WORDS = 60
"""Words from which their number no longer lowers the confidence."""
BY_CUES = 0.6
"""Confidence at most of what is told by cue words: they show how an answer is built, not what it is worth."""
KEYWORDS_WANTED = 5
"""Of a longer list of keywords, so many different ones are all that one answer can be asked for."""
STRUCTURE: tuple[Kind, ...] = ("situation", "action", "result")
"""The first place of each is also a `structure` range: what shows a reviewer how the answer is built."""


@dataclass(frozen=True)
class _Answer:
    """The utterances, each with its words, over an answer of `duration_s` seconds."""

    utterances: Sequence[Said]
    duration_s: float
    cutter: Cutter
    words: list[list[Word]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words.extend(self.cutter.words(item.text) for item in self.utterances)

    def possible(self, phrases: Iterable[str]) -> list[str]:
        """Without Chinese phrases where no Chinese was said: jieba is not loaded to find nothing."""
        chinese = any(HAN.search(item.text) for item in self.utterances)
        return [phrase for phrase in phrases if chinese or not HAN.search(phrase)]

    @property
    def count(self) -> int:
        return sum(map(len, self.words))

    @property
    def spoken_s(self) -> float:
        return sum(item.end_s - item.start_s for item in self.utterances)

    @property
    def confidence(self) -> float:
        """The engine's, by the words that it stands for, and by how many there are."""
        weighed = zip(self.utterances, self.words, strict=True)
        sure = sum(item.confidence * len(words) for item, words in weighed) / max(1, self.count)
        return sure * min(1.0, self.count / ENOUGH_WORDS)

    def places(
        self, kind: str, cues: Sequence[Cue], *, between: int, most: float = 1.0
    ) -> list[tuple[Cue, int, Observation]]:
        """Each place of a cue: which, in which utterance, and the observation with the time range of its words."""
        return [
            (found, number, _range(kind, item, first, last, most))
            for number, item in enumerate(self.utterances)
            for found, first, last in matches(self.words[number], cues, between=between)
        ]

    def whole(self, kind: str, value: float, unit: str, n: int, most: float = 1.0) -> Observation:
        confidence = min(most, self.confidence)
        return Observation(
            kind=kind, start_s=0, end_s=self.duration_s, value=value, unit=unit, confidence=confidence, n=n
        )  # fmt: skip


def observations(
    utterances: Sequence[Said], duration_s: float, asked: Asked
) -> Iterator[Observation]:
    """Everything that the words show. The same words give the same observations, whatever was heard before."""
    cues = shipped_cues()
    keywords = asked.keywords()
    answer = _Answer(utterances, duration_s, Cutter([*cues.vocabulary(), *keywords]))
    yield from _cued(answer)
    yield from _keywords(answer, keywords)
    yield from _question(answer, asked)
    yield from _languages(answer, asked)


def _cued(answer: _Answer) -> Iterator[Observation]:
    cues = shipped_cues()
    found: dict[Kind, list[tuple[Cue, int, Observation]]] = {}
    for kind in KINDS:
        wanted = [cue(phrase, answer.cutter) for phrase in answer.possible(cues.phrases(kind))]
        found[kind] = answer.places(kind, wanted, between=1, most=BY_CUES)
        yield from (observation for _, _, observation in found[kind])
    connectives = len(found["connective"])
    rate = connectives * 60 / max(answer.spoken_s, 1.0)
    yield answer.whole("connectives_per_min", rate, "1/min", connectives)
    parts = [found[part][0][2] for part in STRUCTURE if found[part]]
    yield from (part.model_copy(update={"kind": "structure"}) for part in parts)
    yield answer.whole("structure_share", len(parts) / len(STRUCTURE), "share", len(parts), BY_CUES)
    with_wording = {number for _, number, _ in found["empathic_wording"]}
    share = len(with_wording) / len(answer.utterances)
    yield answer.whole("empathic_wording_share", share, "share", len(answer.utterances), BY_CUES)


def _keywords(answer: _Answer, keywords: Sequence[str]) -> Iterator[Observation]:
    """Different keywords of the asked competencies, of at most `KEYWORDS_WANTED`."""
    if not keywords:
        return
    wanted = [cue(word.replace("/", " "), answer.cutter) for word in answer.possible(keywords)]
    found = answer.places("keyword", wanted, between=0)
    yield from (observation for _, _, observation in found)
    different = len({item for item, _, _ in found})
    share = min(1.0, different / min(len(keywords), KEYWORDS_WANTED))
    yield answer.whole("keyword_share", share, "share", len(keywords))


def _question(answer: _Answer, asked: Asked) -> Iterator[Observation]:
    """The question's own words that the answer takes up, in the language in which it takes up most of them."""
    best: tuple[float, int, list[Observation]] | None = None
    no_content = answer.possible(shipped_cues().no_content)
    idle = {form for word in no_content for form in answer.cutter.forms(word)}
    for text in answer.possible(asked.question.text.values()):
        forms = [form for form in answer.cutter.forms(text) if form not in idle]
        content = {(frozenset({form}),) for form in forms if len(form) > 1}
        if not content:
            continue
        found = answer.places("question_word", sorted(content, key=str), between=0)
        share = len({item for item, _, _ in found}) / len(content)
        if best is None or share > best[0]:
            best = (share, len(content), [observation for _, _, observation in found])
    if best is not None:
        share, n, places = best
        yield from places
        yield answer.whole("question_share", share, "share", n)


def _languages(answer: _Answer, asked: Asked) -> Iterator[Observation]:
    """The language of each utterance where the engine tells it, and how much of the speech is in the required one."""
    told = [item for item in answer.utterances if item.language is not None]
    for item in told:
        code = item.language if item.language in LANGUAGES else "other"
        yield Observation(
            kind=f"language_{code}",
            start_s=item.start_s,
            end_s=item.end_s,
            value=item.end_s - item.start_s,
            unit="s",
            confidence=item.confidence,
            n=1,
        )
    required = asked.question.language_required
    if required is not None and told:
        lengths = [(item.end_s - item.start_s, item.language == required) for item in told]
        right = sum(length for length, is_required in lengths if is_required)
        share = right / max(sum(length for length, _ in lengths), 1e-9)
        yield answer.whole("required_language_share", share, "share", len(told))


def _range(kind: str, item: Said, first: Word, last: Word, most: float) -> Observation:
    return Observation(
        kind=kind,
        start_s=item.starts_s[first.first],
        end_s=item.ends_s[last.end - 1],
        value=1,
        unit="times",
        confidence=min(most, item.confidence),
        n=1,
    )
