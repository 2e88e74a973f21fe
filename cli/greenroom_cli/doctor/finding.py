"""What one check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "warning", "fault", "skipped"]
Value = str | int | float


@dataclass(frozen=True)
class Finding:
    """`code` is what was looked at (`store.cors`), `what` what was found there (`refused`): both are stable.

    `values` fill the texts of the two (`doctor/locales`): what is, and what to do about it.
    """

    code: str
    what: str
    level: Level
    values: dict[str, Value]


def good(code: str, what: str = "good", **values: Value) -> Finding:
    return Finding(code, what, "good", values)


def warning(code: str, what: str, **values: Value) -> Finding:
    """It works, and will not for long or not for all."""
    return Finding(code, what, "warning", values)


def fault(code: str, what: str, **values: Value) -> Finding:
    """It does not work, or what must be refused is not."""
    return Finding(code, what, "fault", values)


def skipped(code: str, what: str, **values: Value) -> Finding:
    return Finding(code, what, "skipped", values)
