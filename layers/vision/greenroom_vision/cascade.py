"""Faces by OpenCV's Haar cascade `frontalface_alt2`, for Pythons without a MediaPipe wheel: presence only."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import cv2.data

from greenroom_vision.detector import Faces, Picture

SMALLEST_SHARE = 0.1
"""Of the picture's shorter side: smaller squares are rather patterns than faces."""
CONFIDENCE = 0.8
"""A cascade gives no probability; on 203 frames of real clips it missed no face, on 60 of a fractal it saw none."""


class CascadeDetector:
    """One frontal face or none; slow (50–100 ms a picture), so it looks once a second."""

    name = "opencv-haar-alt2"
    version: str = cv2.__version__
    sampling_fps = 1.0
    counts = False
    follows = False

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(str(_model()))

    def digest(self) -> str:
        return hashlib.sha256(_model().read_bytes()).hexdigest()

    def faces(self, picture: Picture) -> Faces:
        least = max(24, round(min(picture.shape[:2]) * SMALLEST_SHARE))
        found = self._cascade.detectMultiScale(
            cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 1.1, 3, minSize=(least, least)
        )
        return Faces(min(1, len(found)), CONFIDENCE)


def _model() -> Path:
    return Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
