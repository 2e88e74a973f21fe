"""From looks at single pictures to ranges with one, several or no faces, and their share of the recording."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from greenroom.domain.analysis import NotMeasured, Observation
from greenroom_vision.detector import Faces

FULL_SAMPLES = 20
"""Pictures from which their number no longer lowers the confidence."""


@dataclass(frozen=True)
class Look:
    """What one picture shows; it stands for the time until the next, `start_s` to `end_s`."""

    start_s: float
    end_s: float
    faces: Faces


def observations(looks: Sequence[Look], *, counts: bool) -> list[Observation]:
    """`face`, `no_face` and (where the detector `counts`) `several_faces` ranges, and `face_presence`.

    Raises `NotMeasured` without a picture.
    """
    if not looks:
        raise NotMeasured("the recording has no picture to look at", code="no_picture")
    found = []
    for count, run in itertools.groupby(looks, key=lambda look: look.faces.count):
        found.append(_range("face" if count else "no_face", count, list(run)))
    if counts:
        for several, run in itertools.groupby(looks, key=lambda look: look.faces.count > 1):
            if several:
                seen = list(run)
                most = max(look.faces.count for look in seen)
                found.append(_range("several_faces", most, seen))
    with_face = sum(look.faces.count > 0 for look in looks)
    enough = min(1.0, len(looks) / FULL_SAMPLES)
    whole = Observation(
        kind="face_presence",
        start_s=looks[0].start_s,
        end_s=looks[-1].end_s,
        value=with_face / len(looks),
        unit="share",
        confidence=_mean_confidence(looks) * enough,
        n=len(looks),
    )
    return [*found, whole]


def _range(kind: str, count: int, looks: Sequence[Look]) -> Observation:
    return Observation(
        kind=kind,
        start_s=looks[0].start_s,
        end_s=looks[-1].end_s,
        value=count,
        unit="faces",
        confidence=_mean_confidence(looks),
        n=len(looks),
    )


def _mean_confidence(looks: Sequence[Look]) -> float:
    return sum(look.faces.confidence for look in looks) / len(looks)
