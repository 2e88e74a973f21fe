"""`fps`: frames per second from the packets' timestamps."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding


def frame_rate(measured: Measured) -> Finding:
    """Frames over the time in which frames came; the ranges are where none came.

    The mean, because a busy machine drops single frames and the median interval hides that. Gaps are left out
    of it: lost time is `lost_share`, and a still picture is `frozen_share`.
    """
    video = measured.facts.video
    value = None
    if video is not None and video.mean_fps is not None:
        missing_s = sum(gap.end_s - gap.start_s for gap in video.gaps)
        present_s = video.end_s - video.start_s - missing_s
        value = round(video.packets / present_s, 2) if present_s > 0 else None
    return measured.finding(
        "fps",
        value,
        "fps",
        measured.tiers.fps,
        more_is_worse=False,
        ranges=video.gaps if video else (),
        reason="fewer than two frames" if value is None else None,
    )
