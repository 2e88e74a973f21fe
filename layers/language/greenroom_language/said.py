"""What was said, letter by letter in time."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from greenroom.domain.analysis import Utterance
from greenroom_language.protocol import Heard


@dataclass(frozen=True)
class Said:
    """One utterance. `starts_s`, `ends_s`: when each letter of `text` is said, seconds from the recording's start."""

    text: str
    starts_s: tuple[float, ...]
    ends_s: tuple[float, ...]
    language: str | None
    confidence: float

    @property
    def start_s(self) -> float:
        return self.starts_s[0]

    @property
    def end_s(self) -> float:
        return self.ends_s[-1]

    def utterance(self) -> Utterance:
        return Utterance(
            start_s=round(self.start_s, 3),
            end_s=round(self.end_s, 3),
            text=self.text,
            language=self.language,
            confidence=round(self.confidence, 2),
        )


def said(heard: Heard, start_s: float, end_s: float) -> Said | None:
    """What was heard in a stretch from `start_s` to `end_s`; None where it holds no words.

    Letters share their piece's time evenly; letters of full width become plain ones. No time leaves the stretch.
    """
    text = ""
    starts: list[float] = []
    ends: list[float] = []
    for piece in heard.pieces:
        plain = unicodedata.normalize("NFKC", piece.text)
        if not text:
            plain = plain.lstrip()
        begins = min(start_s + piece.start_s, end_s)
        lasts = max(0.0, min(start_s + piece.end_s, end_s) - begins)
        text += plain
        starts += [begins + lasts * at / len(plain) for at in range(len(plain))]
        ends += [begins + lasts * (at + 1) / len(plain) for at in range(len(plain))]
    length = len(text.rstrip())
    if not length:
        return None
    return Said(
        text[:length],
        tuple(starts[:length]),
        tuple(ends[:length]),
        heard.language,
        heard.confidence,
    )
