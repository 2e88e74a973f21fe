"""The face detector that this machine has, where the vision layer is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom_media.survey import FaceCounter


def face_counter() -> FaceCounter | None:
    """The best detector, loaded once a process; None without the vision layer."""
    if find_spec("greenroom_vision") is None:
        return None
    from greenroom_vision.detector import best_detector

    return best_detector()
