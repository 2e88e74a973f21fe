"""`covered_share`, `blur_share`, `low_light_share`: whether there is a picture that one can make out."""

from __future__ import annotations

from functions.quality_check.measured import JUDGED, Measured
from greenroom.domain.quality import Finding, TimeRange
from greenroom.domain.template import Tier


def covered(measured: Measured) -> Finding:
    """Nothing but an even surface, bright or dark: a hand, a sticker, a closed shutter."""
    return _share(
        measured, "covered_share", measured.detected.covered, measured.tiers.covered_share
    )


def blur(measured: Measured) -> Finding:
    """Not one sharp edge in the picture; a blurred background behind a sharp face is none."""
    return _share(measured, "blur_share", measured.detected.blurred, measured.tiers.blur_share)


def low_light(measured: Measured) -> Finding:
    return _share(
        measured, "low_light_share", measured.detected.dark, measured.tiers.low_light_share
    )


def _share(
    measured: Measured, code: str, ranges: tuple[TimeRange, ...] | None, tier: Tier
) -> Finding:
    return measured.finding(
        code,
        None if ranges is None else measured.share(ranges),
        "share",
        tier,
        more_is_worse=True,
        ranges=ranges or (),
        confidence=JUDGED,
    )
