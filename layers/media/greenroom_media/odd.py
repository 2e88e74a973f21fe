"""Finds moments that a recording's packet sizes give away, without decoding anything.

A picture that turns black or stands still costs an encoder almost nothing; the end of it costs as much as a key
frame. Neither says what happened, only where to look closely. An encoder with a fixed rate may spend it on a
standing picture as well, so nothing rests on this alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LULL_SHARE = 0.15
"""Of the usual size of a frame: what a standing picture's frames stay below. People who speak: 0.2 and more."""
BIN_S = 0.5
JUMP = 6.0
"""Times the usual size, and twice the largest of the second before: what a new scene between key frames takes."""
_JUMP_NEAR = 2.0
_BEFORE = 30


def odd_moments(
    times_s: NDArray[np.float64], sizes: NDArray[np.int64], keys: NDArray[np.bool_]
) -> tuple[float, ...]:
    """Seconds, sorted: beginnings of bins of `BIN_S` with next to nothing in them, and large single frames."""
    plain = ~keys
    if plain.sum() < _BEFORE:
        return ()
    usual = float(np.median(sizes[plain]))
    if usual <= 0:
        return ()
    times, share = times_s[plain], sizes[plain] / usual
    found = set(_lulls(times, share))
    for at in np.flatnonzero(share >= JUMP):
        before = share[max(0, at - _BEFORE) : at]
        if before.size and share[at] >= _JUMP_NEAR * before.max():
            found.add(round(float(times[at]), 3))
    return tuple(sorted(found))


def _lulls(times: NDArray[np.float64], share: NDArray[np.float64]) -> list[float]:
    order = np.argsort(times, kind="stable")
    times, share = times[order], share[order]
    bins = np.floor(times / BIN_S).astype(np.int64)
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    return [
        float(bins[start]) * BIN_S
        for start, group in zip(starts, np.split(share, starts[1:]), strict=True)
        if np.median(group) < LULL_SHARE
    ]
