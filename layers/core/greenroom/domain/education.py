"""Degrees 学历, read from the words that résumés use, in their order."""

from __future__ import annotations

import re
from typing import Literal, get_args

EducationLevel = Literal["high_school", "associate", "bachelor", "master", "doctor"]
LEVELS: tuple[EducationLevel, ...] = get_args(EducationLevel)

_WORDS: dict[EducationLevel, re.Pattern[str]] = {
    "doctor": re.compile(r"博士|\b(doctor|doctoral|doctorate|ph\.?\s?d|dr)\b", re.I),
    "master": re.compile(r"硕士|研究生|\b(master'?s?|e?mba|m\.?\s?sc|m\.?a|m\.?eng)\b", re.I),
    "bachelor": re.compile(
        r"本科|学士|专升本|\b(bachelor'?s?|undergraduate|b\.?\s?sc|b\.?a|b\.?eng)\b", re.I
    ),
    "associate": re.compile(r"大专|专科|高职|\b(associate'?s?|diploma|college)\b", re.I),
    "high_school": re.compile(r"高中|中专|职高|技校|\b(high\s?school|secondary)\b", re.I),
}


def education_level(text: str | None) -> EducationLevel | None:
    """The highest degree that `text` names, e.g. bachelor for 全日制本科; None where it names none."""
    return next((level for level, words in _WORDS.items() if words.search(text or "")), None)


def at_least(text: str | None, wanted: EducationLevel) -> bool:
    """Whether `text` names that degree or a higher one: 本科及以上."""
    level = education_level(text)
    return level is not None and LEVELS.index(level) >= LEVELS.index(wanted)
