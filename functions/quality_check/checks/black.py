"""`black_share`: how much of the recording is black."""

from __future__ import annotations

from functions.quality_check.measured import JUDGED, Measured
from greenroom.domain.quality import Finding
from greenroom.domain.template import Tier


def black(measured: Measured) -> Finding:
    """On a screen it is only ever a warning: a dark terminal is black to a detector."""
    tier = measured.tiers.black_share
    if measured.track == "screen":
        tier = Tier(target=tier.target)
    ranges = measured.detected.black
    value = None if ranges is None else measured.share(ranges)
    return measured.finding(
        "black_share",
        value,
        "share",
        tier,
        more_is_worse=True,
        ranges=ranges or (),
        confidence=JUDGED,
    )
