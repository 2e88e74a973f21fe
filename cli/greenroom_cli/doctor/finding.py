"""What one check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "warning", "fault", "skipped"]


@dataclass(frozen=True)
class Finding:
    """`code` is stable (`store.cors`); `said` is what is; `mend` is what to do about it, empty where nothing is."""

    code: str
    level: Level
    said: str
    mend: str = ""


def good(code: str, said: str) -> Finding:
    return Finding(code, "good", said)


def warning(code: str, said: str, mend: str) -> Finding:
    return Finding(code, "warning", said, mend)


def fault(code: str, said: str, mend: str) -> Finding:
    return Finding(code, "fault", said, mend)


def skipped(code: str, why: str) -> Finding:
    return Finding(code, "skipped", why)
