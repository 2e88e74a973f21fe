"""`silence_share`, `clipping_share`, `loudness_lufs`: whether the answer can be heard."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding

NO_SOUND = "the recording has no sound"


def silence(measured: Measured) -> Finding:
    """A recording without a sound stream is silent throughout."""
    ranges = measured.detected.silent
    absent = ranges is None
    if ranges is None:
        ranges = (measured.whole,)
    return measured.finding(
        "silence_share",
        measured.share(ranges),
        "share",
        measured.tiers.silence_share,
        more_is_worse=True,
        ranges=ranges,
        reason=NO_SOUND if absent else None,
    )


def clipping(measured: Measured) -> Finding:
    ranges = measured.detected.clipped
    return measured.finding(
        "clipping_share",
        None if ranges is None else measured.share(ranges),
        "share",
        measured.tiers.clipping_share,
        more_is_worse=True,
        ranges=ranges or (),
        reason=NO_SOUND if ranges is None else None,
    )


def loudness(measured: Measured) -> Finding:
    """Integrated loudness (EBU R 128); silence reads -70 LUFS."""
    value = measured.detected.loudness_lufs
    reason = None
    if value is None:
        reason = NO_SOUND if measured.facts.audio is None else "too short for a loudness"
    return measured.finding(
        "loudness_lufs",
        None if value is None else round(value, 1),
        "LUFS",
        measured.tiers.loudness_lufs,
        more_is_worse=False,
        reason=reason,
    )
