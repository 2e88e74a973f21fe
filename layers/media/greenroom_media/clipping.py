"""Finds stretches in which the sound is clipped, from float samples as they come."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.quality import TimeRange

_BLOCKS = 4
"""Blocks in a second: an edge is then known to a quarter of one."""
_OWN_SHARE = 0.5
"""Of a second's limit: what a block must bring itself to belong to a clipped stretch."""
_PILED_UP = 0.6
"""Times as many samples at the level as between 0.78 of it and it: tops that were cut off pile up there (0.75-12),
sound that is merely loud thins out (0.42-0.47)."""
_BELOW = 7 / 9
_APART_S = 1.0
"""Between syllables nothing clips; stretches no further apart are one."""


class Clipping:
    """Counts samples at or above a level, channel by channel.

    A second counts as clipped when more than `share` of one channel's samples reach `level` (amplitude,
    1 = full scale), and more than in sound that is merely loud. On recordings clipped on purpose and encoded
    with Opus, 0.9 and 1 % found 15 of 20 seconds and no false one; codecs round the flat tops, so nothing
    like "equal to 1" would find any.
    """

    def __init__(self, sample_rate: int, channels: int, level: float, share: float) -> None:
        self.peak = 0.0
        self.block_bytes = sample_rate * channels * 4
        """One second of interleaved float32: the size in which `take` wants its blocks."""
        self._channels = channels
        self._level = level
        self._share = share
        self._size = sample_rate // _BLOCKS
        self._reached = array("d")
        self._below = array("d")
        self._end_s = 0.0

    def take(self, second: bytes) -> None:
        """The next second of sound (the last may be shorter)."""
        samples = np.abs(np.frombuffer(second, "<f4").reshape(-1, self._channels))
        if samples.size:
            self.peak = max(self.peak, float(np.nanmax(samples)))
            for start in range(0, len(samples), self._size):
                block = samples[start : start + self._size]
                reached = (block >= self._level).sum(axis=0)
                worst = int(reached.argmax())
                below = (block[:, worst] >= self._level * _BELOW).sum() - reached[worst]
                self._reached.append(float(reached[worst]) / self._size)
                self._below.append(float(below) / self._size)
            self._end_s += len(second) / self.block_bytes

    def ranges(self) -> tuple[TimeRange, ...]:
        """Clipped stretches, neighbours joined."""
        reached = np.array(self._reached)
        if not reached.size:
            return ()
        # Each second that begins with a block, from three blocks before the first one on.
        seconds, below = _seconds(reached), _seconds(np.array(self._below))
        cut_off = (seconds > self._share) & (seconds >= _PILED_UP * below)
        around = np.array([cut_off[at : at + _BLOCKS].any() for at in range(reached.size)])
        clipped = around & (reached > self._share * _OWN_SHARE)
        found: list[TimeRange] = []
        for block in np.flatnonzero(clipped).tolist():
            start_s, end_s = block / _BLOCKS, round(min((block + 1) / _BLOCKS, self._end_s), 3)
            if found and start_s - found[-1].end_s <= _APART_S:
                found[-1] = TimeRange(start_s=found[-1].start_s, end_s=end_s)
            else:
                found.append(TimeRange(start_s=start_s, end_s=end_s))
        return tuple(found)


def _seconds(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over each second, a block further each time."""
    return np.convolve(np.pad(blocks, _BLOCKS - 1), np.ones(_BLOCKS) / _BLOCKS, "valid")
