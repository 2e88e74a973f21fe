"""Finds what is wrong with a recording's picture and sound, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from greenroom.domain.quality import TimeRange
from greenroom_media.decode import DECODE_LIMITS, opened
from greenroom_media.noise import Snr
from greenroom_media.picture import Mark
from greenroom_media.ranges import Ranges, lasting, lengthened, merged, without
from greenroom_media.recording import Recording, VideoFacts
from greenroom_media.run import Limits
from greenroom_media.sensitivity import Sensitivity
from greenroom_media.sound import Sound
from greenroom_media.survey import FaceCounter, Survey, Surveyed
from greenroom_media.timeline import Look, ranges

_SURE_OF_FACES = 5
"""Looks at faces from which their number no longer lowers the confidence."""


@dataclass(frozen=True)
class Faces:
    """Where no face, and where several, can be seen. `several` is None when the detector cannot tell.

    Where the picture is black, covered, or too blurred to show a face, that is the finding, and neither of
    these. `confidence`: the detector's, 0–1, the mean over `looks` pictures.
    """

    none: Ranges
    several: Ranges | None
    confidence: float
    looks: int


@dataclass(frozen=True)
class Detected:
    """What was found, in seconds from the recording's start; None where there is no picture or sound.

    A picture is black, or covered, or frozen, never two of them; dark and blurred go together with others but
    black and covered. A stretch that lasts to the end is closed there; where one stream ends earlier than the
    other, the rest counts as frozen or silent. `loudness_lufs`: integrated loudness (EBU R 128; silence reads
    -70). `peak_dbfs`: the largest sample, 0 is full scale and lossy codecs overshoot it; -120 for none.
    `faces` is None where nobody counted them.
    """

    black: Ranges | None = None
    covered: Ranges | None = None
    frozen: Ranges | None = None
    dark: Ranges | None = None
    blurred: Ranges | None = None
    faces: Faces | None = None
    silent: Ranges | None = None
    clipped: Ranges | None = None
    loudness_lufs: float | None = None
    peak_dbfs: float | None = None
    snr: Snr | None = None


def detect(
    recording: Path,
    facts: Recording,
    *,
    sensitivity: Sensitivity | None = None,
    counter: FaceCounter | None = None,
    limits: Limits = DECODE_LIMITS,
) -> Detected:
    """Look at and listen to `recording`, whose `facts` were probed; with a `counter` also for faces.

    Raises as `running` does.
    """
    how = sensitivity or Sensitivity()
    sound = None
    if facts.audio is not None:
        sound = Sound(
            facts.audio, facts.duration_s, how.silence_dbfs, how.clip_level, how.clip_share
        )
    survey = Survey(recording, facts, how, limits, counter)
    seen = survey.run(
        sound.outputs(opened(recording, facts, threads=1)) if sound else (),
        sound.sides if sound else (),
    )
    found = _heard(sound, how) if sound is not None else {}
    if facts.video is not None:
        found |= _seen(seen, facts, facts.video, how)
        found["faces"] = _faces(seen.looks, facts.video, how, counter)
    return Detected(**found)  # type: ignore[arg-type]


def _heard(sound: Sound, how: Sensitivity) -> dict[str, object]:
    return {
        "silent": sound.silent(how.silence_s),
        "clipped": sound.clipped(),
        "loudness_lufs": sound.loudness_lufs,
        "peak_dbfs": sound.peak_dbfs,
        "snr": sound.snr(),
    }


def _seen(
    seen: Surveyed, facts: Recording, video: VideoFacts, how: Sensitivity
) -> dict[str, object]:
    def marked(mark: Mark, at_least_s: float) -> Ranges:
        return ranges(
            seen.looks, lambda look: mark in look.marks, video.start_s, video.end_s, at_least_s
        )

    black, covered = marked("black", how.black_s), marked("covered", how.covered_s)
    missing = lasting(video.gaps, how.frozen_s)
    frozen = lengthened(
        merged([*seen.frozen, *missing]), video.end_s, facts.duration_s, how.frozen_s
    )
    return {
        "black": black,
        "covered": covered,
        "frozen": lasting(without(without(frozen, black), covered), how.frozen_s),
        "dark": marked("dark", how.dark_s),
        "blurred": marked("blurred", how.blurred_s),
    }


def _faces(
    looks: tuple[Look, ...], video: VideoFacts, how: Sensitivity, counter: FaceCounter | None
) -> Faces | None:
    def unseen(look: Look) -> bool:
        """Too blurred to tell that nobody is there; a face that is found in a blurred picture counts."""
        return look.faces == 0 and "blurred" in look.marks

    counted = [look for look in looks if look.faces is not None and not unseen(look)]
    if counter is None or not counted:
        return None
    known = [look for look in looks if look.faces is not None or look.hidden]

    def none(look: Look) -> bool:
        return look.faces == 0 and not unseen(look)

    def several(look: Look) -> bool:
        return (look.faces or 0) > 1

    enough = min(1.0, len(counted) / _SURE_OF_FACES)
    span = (video.start_s, video.end_s)
    return Faces(
        none=ranges(known, none, *span, how.no_face_s),
        several=ranges(known, several, *span, how.several_faces_s) if counter.counts else None,
        confidence=round(fmean(look.confidence for look in counted) * enough, 2),
        looks=len(counted),
    )


__all__ = ["Detected", "Faces", "Sensitivity", "TimeRange", "detect"]
