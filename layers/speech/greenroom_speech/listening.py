"""Listens to a recording once, at 16 kHz: voice activity, pitch, intensity and peaks, all on one clock."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom_media.decode import read_audio
from greenroom_media.recording import Recording
from greenroom_speech.activity import SAMPLE_RATE, WINDOW, WINDOW_S, Voice
from greenroom_speech.pitch import Candidates, candidates

HOP = WINDOW // 2
"""Samples between two looks at pitch and intensity: two looks to each window of voice activity."""
HOP_S = HOP / SAMPLE_RATE
FRAME = 3 * HOP
"""Samples of one look: 48 ms, three periods of the lowest voice."""
_WINDOWS_PER_BLOCK = 256
_SILENT = 1e-10
"""Power that stands for digital silence: -100 dBFS."""


@dataclass(frozen=True)
class Heard:
    """`voice`: the probability of speech in each `WINDOW_S`. Each `HOP_S`: the `level` in dBFS and `pitch` candidates.

    `peaks`: the highest absolute sample (may exceed 1) of each `WINDOW_S`.
    """

    voice: Sequence[float]
    level: NDArray[np.float64]
    pitch: Candidates
    peaks: NDArray[np.float64]


def listen(recording: Path, facts: Recording) -> Heard:
    """Holds about eight seconds of sound at a time. Raises as `greenroom_media.run.running` does."""
    voice, looks = Voice(), _Looks()
    likely, peaks = array("d"), array("d")
    blocks = read_audio(
        recording, facts, sample_rate=SAMPLE_RATE, block_s=_WINDOWS_PER_BLOCK * WINDOW_S
    )
    for block in blocks:
        sound = np.pad(block.samples, (0, -block.samples.size % WINDOW))
        likely.extend(voice.probabilities(sound))
        peaks.extend(np.abs(sound).reshape(-1, WINDOW).max(1))
        looks.take(sound)
    level, pitch = looks.all()
    return Heard(voice=likely, level=level, pitch=pitch, peaks=np.asarray(peaks))


class _Looks:
    """Level and pitch each `HOP`; a look reaches one hop to either side of its own, also across blocks."""

    def __init__(self) -> None:
        self._tail = np.zeros(2 * HOP, np.float32)
        self._levels: list[NDArray[np.float64]] = []
        self._pitches: list[Candidates] = []

    def take(self, sound: NDArray[np.float32]) -> None:
        """Whole hops. The last one is looked at when the next comes."""
        around = np.concatenate((self._tail, sound))
        frames = np.lib.stride_tricks.sliding_window_view(around, FRAME)[::HOP]
        self._levels.append(10 * np.log10(np.square(frames, dtype=np.float64).mean(1) + _SILENT))
        self._pitches.append(candidates(frames, SAMPLE_RATE))
        self._tail = around[-2 * HOP :]

    def all(self) -> tuple[NDArray[np.float64], Candidates]:
        """One look for each hop that was taken: the first stood before the recording, silence follows it."""
        self.take(np.zeros(HOP, np.float32))
        pitch = Candidates.joined(self._pitches)
        level = np.concatenate(self._levels)[1:]
        return level, Candidates(pitch.hertz[1:], pitch.strength[1:])
