"""When something in a recording counts as a defect: the detectors' settings in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from greenroom_media.picture import Limits


@dataclass(frozen=True)
class Sensitivity:
    """Durations are seconds; shorter stretches are not reported.

    `width`: px of a picture's longer side when it is looked at. `picture`: when a single one is bad.
    `frozen_difference`: see `Stillness`; also how alike key frames are that may belong to a frozen stretch.
    `flicker_s`: what may disturb one without ending it. `silence_dbfs`: below it all channels are silent.
    `clip_level`: amplitude (1 = full scale); `clip_share`: share of a second's samples at or above it that makes
    the second clipped.
    """

    width: int = 640
    picture: Limits = field(default_factory=Limits)
    black_s: float = 0.5
    covered_s: float = 1.0
    dark_s: float = 2.0
    blurred_s: float = 2.0
    frozen_difference: float = 5.0
    flicker_s: float = 0.5
    frozen_s: float = 2.0
    no_face_s: float = 2.0
    several_faces_s: float = 1.0
    silence_dbfs: float = -50.0
    silence_s: float = 2.0
    clip_level: float = 0.9
    clip_share: float = 0.01
