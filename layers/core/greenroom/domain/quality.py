"""quality.json: what was measured on a recording, held against the template's tiers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document, LocalizedText, Seconds, Sha256, Share
from greenroom.domain.template import Tier, TrackName

Level = Literal["ok", "warning", "re_record", "not_measured"]
Verdict = Literal["usable", "usable_with_warnings", "re_record"]


class TimeRange(Document):
    """Seconds from the recording's start."""

    start_s: Seconds
    end_s: Seconds


class Finding(Document):
    """One measure: its value against target and floor, and where in the recording it shows.

    `code` names the measure (`fps`, `duration_s`, `black_share`, …); `unit` is its unit. `confidence`: how sure
    the value is, 1 for what was counted and less for what was judged; None where nothing was measured.
    """

    code: str
    track: TrackName
    level: Level
    value: float | None
    unit: str
    target: float | None = None
    floor: float | None = None
    ranges: list[TimeRange] = []
    confidence: Share | None = None
    reason: str | None = None


class Quality(Document):
    """The verdict on one attempt, with every finding it rests on.

    `reasons`: codes of the findings that decided it; `words`: the same for people, in their order.
    """

    interview: str
    answer: str
    attempt: Annotated[int, Field(ge=1)]
    verdict: Verdict
    reasons: list[str]
    words: list[LocalizedText] = []
    findings: list[Finding]
    inputs: dict[str, Sha256]
    tool: str


def grade(value: float | None, tier: Tier, *, more_is_worse: bool) -> Level:
    """`value` against `tier`: `re_record` beyond the floor, `warning` beyond the target, else `ok`."""
    if value is None:
        return "not_measured"
    sign = -1.0 if more_is_worse else 1.0
    if tier.floor is not None and sign * value < sign * tier.floor:
        return "re_record"
    if tier.target is not None and sign * value < sign * tier.target:
        return "warning"
    return "ok"


def verdict_of(findings: list[Finding]) -> tuple[Verdict, list[str]]:
    """The worst level decides; the reasons are the codes of the findings at that level."""
    for level, verdict in (("re_record", "re_record"), ("warning", "usable_with_warnings")):
        codes = sorted({finding.code for finding in findings if finding.level == level})
        if codes:
            return verdict, codes  # type: ignore[return-value]
    return "usable", []
