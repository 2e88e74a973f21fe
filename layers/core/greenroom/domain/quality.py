"""quality.json: what was measured on a recording, held against the template's tiers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document, LocalizedText, Seconds, Sha256, Share
from greenroom.domain.template import Tier, TrackName

Level = Literal["ok", "warning", "re_record", "not_measured"]
Verdict = Literal["usable", "usable_with_warnings", "re_record"]

FACE_FINDINGS = frozenset({"no_face_share", "several_faces_share"})
"""Findings that rest on the consent to face analysis: faces were looked for in the picture."""
NO_FACE_CONSENT = "no consent to face analysis was given"


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


def without_faces(quality: Quality) -> Quality:
    """The report as it would be had nobody looked for faces; the same one where nobody did.

    A demand to record again was acted upon, so its verdict stays when faces were its only reason.
    """
    if not any(_tells_of_faces(finding) for finding in quality.findings):
        return quality
    findings = [
        _not_measured(finding) if _tells_of_faces(finding) else finding
        for finding in quality.findings
    ]
    verdict, reasons = verdict_of(findings)
    if quality.verdict == "re_record" and verdict != "re_record":
        verdict, reasons = "re_record", []
    told = dict(zip(quality.reasons, quality.words, strict=False))
    return quality.model_copy(
        update={
            "verdict": verdict,
            "reasons": reasons,
            "words": [told[code] for code in reasons if code in told],
            "findings": findings,
        }
    )


def _tells_of_faces(finding: Finding) -> bool:
    return finding.code in FACE_FINDINGS and finding.value is not None


def _not_measured(finding: Finding) -> Finding:
    return Finding(
        code=finding.code,
        track=finding.track,
        level="not_measured",
        value=None,
        unit=finding.unit,
        reason=NO_FACE_CONSENT,
    )
