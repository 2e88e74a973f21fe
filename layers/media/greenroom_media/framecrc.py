"""Turns lines of ffmpeg's `framecrc` listing into columns of numbers, a whole block at a time.

    0,         14,         14,       33,    16464, 0xb0a9b152[, F=0x0][, S=1, …]
    stream,   dts,        pts, duration,     size, checksum, flags (absent: a key frame), side data

A recording of 30 minutes has 150,000 lines; one by one they would take as long as copying its packets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom_media.errors import MediaFailed

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_TIME = -(2**63)
"""What stands for a time that ffmpeg does not know."""

_COMMA, _NEWLINE, _MINUS, _NINE = b",\n-9"
_ZERO = ord("0")
_KEY, _DISCARD = 0x1, 0x4
_NUMBERS = 5


@dataclass(frozen=True)
class Packets:
    """One entry per packet. Times and durations are in the stream's ticks, sizes in bytes."""

    stream: Integers
    dts: Integers
    pts: Integers
    duration: Integers
    size: Integers
    key: Flags
    discard: Flags

    def __len__(self) -> int:
        return self.stream.size


def parse(lines: bytes) -> Packets:
    """The packets of whole `lines`, each ended by a newline. Raises `MediaFailed` for other text."""
    text = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    commas = np.append(np.flatnonzero(text == _COMMA), [text.size - 1] * (_NUMBERS + 2))
    first = np.searchsorted(commas, starts)
    checksum = commas[first + _NUMBERS - 1]
    if not (ends.size and text[-1] == _NEWLINE and np.all(checksum < ends)):
        raise MediaFailed(f"ffmpeg's packet listing is not as we know it: {lines[:80]!r}")
    after = commas[first + _NUMBERS]
    begins = [starts, *(commas[first + number] + 1 for number in range(_NUMBERS - 1))]
    stream, dts, pts, duration, size = (
        _integers(text, begin, commas[first + number]) for number, begin in enumerate(begins)
    )
    flags = _flags(text, after, np.minimum(commas[first + _NUMBERS + 1], ends), ends)
    key, discard = flags & _KEY > 0, flags & _DISCARD > 0
    return Packets(stream, dts, pts, duration, size, key, discard)


def _integers(text: NDArray[np.uint8], begins: Integers, ends: Integers) -> Integers:
    """The decimal numbers in ``text[begins:ends]``, read from right to left."""
    width = int((ends - begins).max())
    places = ends[:, None] - np.arange(1, width + 1)
    inside = places >= begins[:, None]
    cells = text[places]
    digits = inside & (cells >= _ZERO) & (cells <= _NINE)
    # Only the first column may be blank on the left, so the digits are the rightmost cells.
    powers = 10 ** np.arange(min(width, 19), dtype=np.int64)
    values: Integers = np.where(digits, cells - _ZERO, 0)[:, :19].astype(np.int64) @ powers
    return np.where((inside & (cells == _MINUS)).any(axis=1), -values, values)


def _flags(text: NDArray[np.uint8], after: Integers, stops: Integers, ends: Integers) -> Integers:
    """The lowest hexadecimal digit of ``F=0x…`` behind the checksum; without it the packet is a key frame."""
    flags = np.full(after.size, _KEY, np.int64)
    named = np.flatnonzero(after < ends)
    named = named[text[after[named] + 2] == ord("F")]
    digit = text[stops[named] - 1].astype(np.int64)
    flags[named] = np.where(digit <= _NINE, digit - _ZERO, (digit | 0x20) - ord("a") + 10)
    return flags
