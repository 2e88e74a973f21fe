"""One measure, or a close family, per file; which of them judge which track is listed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from functions.quality_check.checks.appearance import blur, covered, low_light
from functions.quality_check.checks.black import black
from functions.quality_check.checks.duration import duration
from functions.quality_check.checks.faces import no_face, several_faces
from functions.quality_check.checks.frame_rate import frame_rate
from functions.quality_check.checks.frozen import frozen
from functions.quality_check.checks.loss import loss
from functions.quality_check.checks.noise import noise
from functions.quality_check.checks.picture_size import picture_size
from functions.quality_check.checks.sound import clipping, loudness, silence
from functions.quality_check.checks.sync import drift, offset
from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding
from greenroom.domain.template import TrackName

Check = Callable[[Measured], Finding]

CHECKS: dict[TrackName, Sequence[Check]] = {
    "camera": (
        duration,
        frame_rate,
        picture_size,
        black,
        covered,
        frozen,
        blur,
        low_light,
        no_face,
        several_faces,
        silence,
        clipping,
        loudness,
        noise,
        offset,
        drift,
        loss,
    ),
    # A screen that shows a text stands still, at few frames a second, and is silent.
    "screen": (picture_size, black, loss),
}
