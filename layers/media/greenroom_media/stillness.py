"""Finds stretches in which the picture stands still, from small pictures as they come.

ffmpeg's freezedetect compares with the first picture of a stretch. A recorder that asks for a key frame
every two seconds defeats it: an encoder draws a standing picture anew at each key frame, a little
differently. Of 16 frozen recordings (VP8, VP9, H.264; 0.4-2.5 Mbit/s) it found 8-10 at its best setting,
this finds all, 14 of them to within half a second; neither reports people who merely sit still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.quality import TimeRange

_Picture = NDArray[np.int16]
_SAME = 0.005
"""Mean difference (share of the range) across a key frame below which it still is the same picture."""


class Stillness:
    """Neighbouring pictures that hardly differ make a stretch; a short flicker in it does not end it.

    `fps`: pictures a second. `difference`: mean absolute difference as a share of the range below which
    two neighbours are alike; pictures of 160 px: 0.0005 (people who sit still: 0.00058 and more in the
    median of any two seconds). `flicker_s`: seconds that a key frame may disturb.
    """

    def __init__(self, fps: float, difference: float, flicker_s: float) -> None:
        self._fps = fps
        self._difference = difference
        self._flicker = round(flicker_s * fps)
        self._count = 0
        self._before: _Picture | None = None
        self._runs: list[tuple[int, int]] = []
        self._last: _Picture | None = None

    def take(self, picture: bytes) -> None:
        """The next picture: any layout of 8-bit samples, of the same size each time."""
        now = np.frombuffer(picture, np.uint8).astype(np.int16)
        before, self._before = self._before, now
        number, self._count = self._count, self._count + 1
        if before is None or _apart(now, before) > self._difference:
            return
        if self._runs and self._last is not None:
            start, end = self._runs[-1]
            waited = number - 1 - end
            if waited == 0 or (waited <= self._flicker and _apart(before, self._last) <= _SAME):
                self._runs[-1] = (start, number)
                self._last = now
                return
        self._runs.append((number - 1, number))
        self._last = now

    def ranges(self, at_least_s: float, end_s: float) -> tuple[TimeRange, ...]:
        """Stretches of `at_least_s` or more; one that reaches the last picture ends at `end_s`."""
        found = []
        for first, last in self._runs:
            start = first / self._fps
            end = end_s if last == self._count - 1 else min(end_s, (last + 1) / self._fps)
            if end - start >= at_least_s:
                found.append(TimeRange(start_s=round(start, 3), end_s=round(end, 3)))
        return tuple(found)


def _apart(one: _Picture, other: _Picture) -> float:
    return float(np.abs(one - other).mean()) / 255
