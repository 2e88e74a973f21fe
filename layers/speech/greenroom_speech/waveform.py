"""The waveform that a reviewer sees: at most `MOST` peaks, however long the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.analysis import Waveform

MOST = 1200
"""Peaks: more than a screen has columns for."""


def waveform(peaks: NDArray[np.float64], step_s: float) -> Waveform:
    """The highest of every so many `peaks` (absolute, 1 is full scale), each over `step_s` seconds."""
    together = max(1, -(-peaks.size // MOST))
    padded = np.pad(peaks, (0, -peaks.size % together))
    highest = np.minimum(padded.reshape(-1, together).max(1, initial=0), 1)
    return Waveform(
        step_s=round(step_s * together, 6), peaks=np.rint(highest * 100).astype(int).tolist()
    )
