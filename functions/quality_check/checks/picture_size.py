"""`height_px`, `screen_height_px`: lines of the picture as a player shows it."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding


def picture_size(measured: Measured) -> Finding:
    """The shorter side, so that a phone held upright counts like one held across."""
    screen = measured.track == "screen"
    video = measured.facts.video
    return measured.finding(
        "screen_height_px" if screen else "height_px",
        min(video.display_size) if video else None,
        "px",
        measured.tiers.screen_height_px if screen else measured.tiers.height_px,
        more_is_worse=False,
    )
