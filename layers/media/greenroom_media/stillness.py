"""Finds stretches in which the picture stands still, from small pictures as they come.

ffmpeg's freezedetect compares whole pictures by their mean difference. An encoder draws a standing picture anew at
each key frame, a little differently all over, and at a low bit rate improves it for seconds; a person who sits
still moves a few per cent of the picture. By the mean the two overlap (0.0057 and 0.0049 of the range), by the
block that differs most they lie far apart: 3.3 and 14 levels two seconds later.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.domain.quality import TimeRange

Thumb = NDArray[np.uint8]
"""Any layout of 8-bit samples in two dimensions, about 160 wide, of the same size each time."""

_BLOCK = 8
_MOVING = 0.0012
"""Mean difference (share of the range) of neighbours 0.2 s apart that half of them must stay below."""


class Stillness:
    """Pictures that nowhere differ much from the first of them make a stretch.

    `fps`: pictures a second. `difference`: levels (0–255), see `apart`. A sensor's noise moves every picture of
    an empty room a little; for a stretch most neighbours must be alike to within what an encoder does.
    """

    def __init__(self, fps: float, difference: float) -> None:
        self._fps = fps
        self._difference = difference
        self._count = 0
        self._first: Thumb | None = None
        self._before: Thumb | None = None
        self._alike = 0
        self._start = 0
        self._runs: list[tuple[int, int]] = []

    def take(self, picture: Thumb) -> None:
        """The next picture."""
        number, self._count = self._count, self._count + 1
        if self._first is None or self._before is None:
            self._begin(picture, number)
            return
        if apart(picture, self._first) >= self._difference:
            self._end(number - 1)
            self._begin(picture, number)
            return
        self._alike += float(cv2.absdiff(picture, self._before).mean()) / 255 <= _MOVING
        self._before = picture

    def ranges(self, at_least_s: float, end_s: float) -> tuple[TimeRange, ...]:
        """Stretches of `at_least_s` or more; one that reaches the last picture ends at `end_s`."""
        self._end(self._count - 1)
        found = []
        for first, last in self._runs:
            start = first / self._fps
            end = end_s if last == self._count - 1 else min(end_s, (last + 1) / self._fps)
            if end - start >= at_least_s:
                found.append(TimeRange(start_s=round(start, 3), end_s=round(end, 3)))
        return tuple(found)

    def _begin(self, picture: Thumb, number: int) -> None:
        self._first = self._before = picture
        self._start, self._alike = number, 0

    def _end(self, last: int) -> None:
        if last > self._start and self._alike * 2 >= last - self._start:
            self._runs.append((self._start, last))
        self._start, self._alike = last + 1, 0


def apart(one: Thumb, other: Thumb) -> float:
    """Levels (0–255) by which two pictures differ in the block of `_BLOCK` samples where they differ most."""
    difference = cv2.absdiff(one, other)
    size = (min(_BLOCK, difference.shape[1]), min(_BLOCK, difference.shape[0]))
    return float(cv2.blur(difference, size).max())
