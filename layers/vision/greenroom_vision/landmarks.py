"""The landmarks of the face in the foreground, followed from picture to picture."""

from __future__ import annotations

import warnings

import numpy as np

from greenroom_vision.detector import Picture
from greenroom_vision.geometry import Face, face_of
from greenroom_vision.golden import golden_picture
from greenroom_vision.mesh import CHATTER, LEAST_CONFIDENCE
from greenroom_vision.quiet import quiet_stderr


class Follower:
    """One recording's tracker; 4 ms a picture. The same pictures in the same order give the same faces."""

    def __init__(self) -> None:
        with quiet_stderr(CHATTER):
            from mediapipe.python.solutions import face_mesh

            warnings.filterwarnings(
                "ignore", message=r"SymbolDatabase\.GetPrototype", category=UserWarning
            )
            self._mesh = face_mesh.FaceMesh(
                static_image_mode=False,
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=LEAST_CONFIDENCE,
                min_tracking_confidence=LEAST_CONFIDENCE,
            )
            self.face(0, golden_picture("face"))  # models load, and say so, with the first face
            self._mesh.reset()

    def face(self, time_s: float, picture: Picture) -> Face | None:
        """The face in the foreground, measured; None where the picture shows none."""
        found = self._mesh.process(np.ascontiguousarray(picture)).multi_face_landmarks
        if not found:
            return None
        height, width = picture.shape[:2]
        places = [(p.x * width, p.y * height, p.z * width) for p in found[0].landmark]
        return face_of(time_s, np.array(places))

    def close(self) -> None:
        self._mesh.close()
