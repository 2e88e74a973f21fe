"""The golden pictures that a detector must get right before it is used."""

from __future__ import annotations

from importlib import resources
from typing import Literal

import cv2
import numpy as np

from greenroom_vision.detector import Picture


def golden_picture(name: Literal["face", "no_face"]) -> Picture:
    """A picture with one face, or with none. RGB."""
    stored = (resources.files("greenroom_vision") / "golden" / f"{name}.jpg").read_bytes()
    decoded = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise RuntimeError(f"the golden picture {name} cannot be decoded")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
