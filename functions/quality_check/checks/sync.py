"""`av_offset_s`, `av_drift_s`: whether sound and picture belong together, by their timestamps.

Lips are not compared with the voice: a player shows what the timestamps say, and a shift inside the sound itself
cannot be told from a pause.
"""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding

ONE_STREAM = "needs both sound and picture"
MOST_DRIFT_S = 2.0
"""Beyond it one stream simply ends early, which silence and frozen picture tell."""
_LATE, _EARLY = "the sound begins after the picture", "the sound begins before the picture"


def offset(measured: Measured) -> Finding:
    """How far apart the streams begin, whichever is first."""
    video, audio = measured.facts.video, measured.facts.audio
    value, reason = None, ONE_STREAM
    if video is not None and audio is not None:
        late_s = audio.start_s - video.start_s
        value, reason = round(abs(late_s), 3), _LATE if late_s > 0 else _EARLY
    return measured.finding(
        "av_offset_s",
        value,
        "s",
        measured.tiers.av_offset_s,
        more_is_worse=True,
        reason=reason
        if value is None or value > (measured.tiers.av_offset_s.target or 0)
        else None,
    )


def drift(measured: Measured) -> Finding:
    """How much longer one stream is than the other, when they began together."""
    video, audio = measured.facts.video, measured.facts.audio
    value, reason = None, ONE_STREAM
    if video is not None and audio is not None:
        longer_s = abs((audio.end_s - audio.start_s) - (video.end_s - video.start_s))
        value = round(longer_s, 3) if longer_s <= MOST_DRIFT_S else None
        reason = f"one stream ends {longer_s:.1f} s before the other"
    return measured.finding(
        "av_drift_s",
        value,
        "s",
        measured.tiers.av_drift_s,
        more_is_worse=True,
        reason=reason if value is None else None,
    )
