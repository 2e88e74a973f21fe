"""`lost_share`: how much of what was recorded is not in the recording."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.assembly import Gap
from greenroom.domain.quality import Finding, TimeRange

_CUT = frozenset({"recorder_restart", "segment_refused", "unsaved"})
"""Causes after which segments were joined without the time between; other gaps stay as holes."""


def loss(measured: Measured) -> Finding:
    """Lost time over lost and present time; the ranges are the gaps' places, a point for each cut.

    An interruption has a place and takes nothing away.
    """
    gaps = measured.assembled.gaps
    cut_s = sum(gap.lost_ms for gap in gaps if _is_cut(gap)) / 1000
    last_ms = max((gap.end_ms for gap in gaps), default=0)
    last_s = (last_ms - measured.assembled.interrupted_ms) / 1000
    whole_s = max(measured.facts.duration_s + cut_s, last_s)
    # Six decimals, for the target is 0: a second of an hour must not round away.
    value = round(min(1.0, measured.assembled.lost_ms / 1000 / whole_s), 6) if whole_s > 0 else None
    return measured.finding(
        "lost_share",
        value,
        "share",
        measured.tiers.lost_share,
        more_is_worse=True,
        ranges=_places(gaps, measured.facts.duration_s),
        reason=", ".join(sorted({gap.cause for gap in gaps})) or None,
    )


def _places(gaps: list[Gap], duration_s: float) -> list[TimeRange]:
    places = []
    cut_ms = 0
    for gap in sorted(gaps, key=lambda gap: (gap.start_ms, gap.end_ms)):
        start_s = min((gap.start_ms - cut_ms) / 1000, duration_s)
        length_s = 0.0 if _is_cut(gap) else gap.width_ms / 1000
        end_s = min(start_s + length_s, duration_s)
        places.append(
            TimeRange(start_s=round(max(0.0, start_s), 3), end_s=round(max(0.0, end_s), 3))
        )
        if _is_cut(gap):
            cut_ms += gap.width_ms
    return places


def _is_cut(gap: Gap) -> bool:
    return gap.cause in _CUT
