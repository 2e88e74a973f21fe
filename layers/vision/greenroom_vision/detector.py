"""What a face detector is to this module, and which one this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height × width × 3 (RGB), 0–255."""


@dataclass(frozen=True)
class Faces:
    """Faces in one picture. `confidence` (0–1) is how sure the detector is of `count`, also of 0."""

    count: int
    confidence: float


class FaceDetector(Protocol):
    """Looks at single pictures; the same picture always gives the same answer.

    `sampling_fps`: how many pictures a second are worth its time. `counts`: whether it can tell one face
    from several. `follows`: whether this machine can also follow a face's landmarks.
    """

    name: str
    version: str
    sampling_fps: float
    counts: bool
    follows: bool

    def digest(self) -> str:
        """SHA-256 over its models' bytes."""

    def faces(self, picture: Picture) -> Faces: ...


@cache
def best_detector() -> FaceDetector:
    """MediaPipe where its wheel exists (Python below 3.13), else OpenCV's cascade. Loaded once a process."""
    if find_spec("mediapipe") is not None:
        from greenroom_vision.mesh import MeshDetector

        return MeshDetector()
    from greenroom_vision.cascade import CascadeDetector

    return CascadeDetector()
