"""Faces by MediaPipe: the full-range detector proposes, the face mesh confirms.

A proposal alone does not count: on pictures without people the detectors fire on up to a third of the
frames, the mesh on none. Full range, because a person at the far side of a room is missed by short range.
"""

from __future__ import annotations

import hashlib
import warnings
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from greenroom_vision.detector import Faces, Picture
from greenroom_vision.golden import golden_picture
from greenroom_vision.quiet import quiet_stderr

MOST_FACES = 4
"""Proposals looked at in one picture, the surest first."""
LEAST_CONFIDENCE = 0.5
_AROUND = 1.0
"""Half the side of the square that the mesh sees, in sides of the proposed box: hair and chin are in it."""
_MODELS = (
    "face_detection/face_detection_full_range_sparse.tflite",
    "face_detection/face_detection_short_range.tflite",
    "face_landmark/face_landmark.tflite",
)
CHATTER = ("Created TensorFlow Lite", "absl::InitializeLog", "inference_feedback", "projection_")


class MeshDetector:
    """Loading takes about two seconds and keeps MediaPipe's start-up lines off standard error."""

    name = "mediapipe"
    version = metadata.version("mediapipe")
    sampling_fps = 2.0
    counts = True
    follows = True

    def __init__(self) -> None:
        with quiet_stderr(CHATTER):
            from mediapipe.python.solutions import face_detection, face_mesh

            warnings.filterwarnings(
                "ignore", message=r"SymbolDatabase\.GetPrototype", category=UserWarning
            )
            self._proposals = face_detection.FaceDetection(
                model_selection=1, min_detection_confidence=LEAST_CONFIDENCE
            )
            self._mesh = face_mesh.FaceMesh(
                static_image_mode=True,
                max_num_faces=1,
                min_detection_confidence=LEAST_CONFIDENCE,
            )
            self.faces(golden_picture("face"))  # models load, and say so, with the first face

    def digest(self) -> str:
        return _digest()

    def faces(self, picture: Picture) -> Faces:
        """The confirmed faces. Without one, sure by as much as no proposal was likely."""
        found = self._proposals.process(picture).detections or []
        surest = sorted(found, key=lambda one: -one.score[0])[:MOST_FACES]
        scores = [float(one.score[0]) for one in surest if self._confirmed(picture, one)]
        if scores:
            return Faces(len(scores), min(1.0, *scores))
        return Faces(0, 1 - min(1.0, max((float(one.score[0]) for one in surest), default=0.0)))

    def _confirmed(self, picture: Picture, proposal: Any) -> bool:
        height, width = picture.shape[:2]
        box = proposal.location_data.relative_bounding_box
        side = max(box.width * width, box.height * height) * _AROUND
        column, row = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
        left, right = _within(column - side, width), _within(column + side, width)
        top, bottom = _within(row - side, height), _within(row + side, height)
        if left >= right or top >= bottom:
            return False
        seen = np.ascontiguousarray(picture[top:bottom, left:right])
        return bool(self._mesh.process(seen).multi_face_landmarks)


def _within(place: float, size: int) -> int:
    return int(min(max(place, 0), size))


@cache
def _digest() -> str:
    modules = Path(str(resources.files("mediapipe") / "modules"))
    whole = hashlib.sha256()
    for model in _MODELS:
        whole.update(hashlib.sha256((modules / model).read_bytes()).digest())
    return whole.hexdigest()
