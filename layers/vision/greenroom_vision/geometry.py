"""What a face's landmarks say in numbers: where the head points, where the eyes look, how mouth and brows stand.

Distances are in units of the distance between the irises, so they do not change with the size of the face.
Point numbers are those of MediaPipe's face mesh with irises (478 points).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""478 × 3: x to the right, y down, z away from the camera, all in pixels."""

_TOP, _CHIN = 10, 152
_RIGHT_EYE, _LEFT_EYE = (33, 133), (263, 362)
"""Outer and inner corners; right and left are the person's own, so the right eye is on the picture's left."""
_RIGHT_IRIS, _LEFT_IRIS = 468, 473
_RIGHT_LIDS, _LEFT_LIDS = (159, 145), (386, 374)
_MOUTH = (61, 291)
_LIPS = (13, 14)
_INNER_BROWS = (107, 336)
_BROWS = (105, 334)


@dataclass(frozen=True)
class Face:
    """One look at one face.

    `yaw_deg`, `pitch_deg`, `roll_deg`: 0 faces the camera; yaw is positive to the picture's right, pitch when the
    head goes down. `gaze`: the irises between the picture's left (0) and right (1) corners of the eyes, 0.5 in
    the middle. `eye_open`, `mouth_width`, `corner_lift` (mouth corners above the lips' middle), `brow_gap` and
    `brow_height` are in iris distances.
    """

    time_s: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    gaze: float
    eye_open: float
    mouth_width: float
    corner_lift: float
    brow_gap: float
    brow_height: float


def face_of(time_s: float, points: Points) -> Face:
    """Measure one face."""
    right = points[_LEFT_EYE[0]] - points[_RIGHT_EYE[0]]
    down = points[_CHIN] - points[_TOP]
    forward = np.cross(down, right)  # out of the face, towards the camera: negative z
    iris = points[_LEFT_IRIS] - points[_RIGHT_IRIS]
    unit = float(np.linalg.norm(iris))
    level = iris / unit
    upright = -down / np.linalg.norm(down)

    def apart(pair: tuple[int, int]) -> float:
        return float(np.linalg.norm(points[pair[0]] - points[pair[1]])) / unit

    middle = (points[_LIPS[0]] + points[_LIPS[1]]) / 2
    lifts = [float((points[corner] - middle) @ upright) / unit for corner in _MOUTH]
    heights = [
        float((points[brow] - points[lids[0]]) @ upright) / unit
        for brow, lids in zip(_BROWS, (_RIGHT_LIDS, _LEFT_LIDS), strict=True)
    ]
    return Face(
        time_s=time_s,
        yaw_deg=_degrees(forward[0], -forward[2]),
        pitch_deg=_degrees(forward[1], -forward[2]),
        roll_deg=_degrees(level[1], level[0]),
        gaze=_gaze(points),
        eye_open=(apart(_RIGHT_LIDS) + apart(_LEFT_LIDS)) / 2,
        mouth_width=apart(_MOUTH),
        corner_lift=sum(lifts) / len(lifts),
        brow_gap=apart(_INNER_BROWS),
        brow_height=sum(heights) / len(heights),
    )


def _gaze(points: Points) -> float:
    """Mean over both eyes of the iris's place between the corners, left to right in the picture."""
    places = []
    for iris, (start, end) in (
        (_RIGHT_IRIS, _RIGHT_EYE),
        (_LEFT_IRIS, (_LEFT_EYE[1], _LEFT_EYE[0])),
    ):
        along = points[end] - points[start]
        places.append(float((points[iris] - points[start]) @ along / (along @ along)))
    return sum(places) / len(places)


def _degrees(opposite: float, adjacent: float) -> float:
    return float(np.degrees(np.arctan2(opposite, adjacent)))
