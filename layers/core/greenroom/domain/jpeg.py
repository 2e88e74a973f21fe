"""Reading a JPEG's structure without decoding it: enough to know what is kept, and to drop what is no picture.

Source: ITU-T T.81, annex B (markers and their lengths).
"""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.domain.errors import Invalid

MIN_SIDE_PX = 64
MAX_SIDE_PX = 8192

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: what cameras and browsers write."""
_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APPLICATION = frozenset(range(0xE0, 0xF0))
_KEPT = frozenset({0xE0, 0xEE})
"""JFIF, and Adobe's note on colours; every other application marker may tell where and with what it was taken."""


@dataclass(frozen=True)
class Jpeg:
    """A picture of `width` × `height` px. `body` holds what is needed to show it and nothing else."""

    body: bytes
    width: int
    height: int


def read_jpeg(raw: bytes) -> Jpeg:
    """Walk the markers up to the end of the picture. Raises `Invalid` (`not_a_jpeg`, `picture_size`)."""
    if raw[:3] != b"\xff\xd8\xff":
        raise _bad("it does not begin like one")
    kept, at, size = [raw[:2]], 2, None
    while True:
        marker, start = _marker(raw, at)
        if marker == _EOI:
            break
        end = start + _length(raw, start)
        if marker in _FRAMES:
            if size is not None:
                raise _bad("it holds two pictures")
            size = _size(raw, start, end)
        elif marker in _OTHER_FRAMES or marker < 0xC0 or marker == _SOI:
            raise _bad(f"marker {marker:#x}")
        at = end
        if marker == _SOS:
            if size is None:
                raise _bad("data before its frame")
            at = _after_scan(raw, end)
        if marker != _COM and (marker not in _APPLICATION or marker in _KEPT):
            kept.append(b"\xff" + bytes([marker]) + raw[start:at])
    if size is None or not any(piece[1] == _SOS for piece in kept):
        raise _bad("it holds no picture")
    return Jpeg(b"".join([*kept, b"\xff\xd9"]), *size)


def _marker(raw: bytes, at: int) -> tuple[int, int]:
    """The marker that begins at `at`, and where its content starts; any number of 0xFF may stand before it."""
    if at >= len(raw) or raw[at] != 0xFF:
        raise _bad("a marker is missing")
    while at < len(raw) and raw[at] == 0xFF:
        at += 1
    if at >= len(raw):
        raise _bad("it ends too early")
    return raw[at], at + 1


def _length(raw: bytes, start: int) -> int:
    length = int.from_bytes(raw[start : start + 2])
    if length < 2 or start + length > len(raw):
        raise _bad("a marker is longer than the file")
    return length


def _size(raw: bytes, start: int, end: int) -> tuple[int, int]:
    if end - start < 8:
        raise _bad("a frame without a size")
    height, width = (
        int.from_bytes(raw[start + 3 : start + 5]),
        int.from_bytes(raw[start + 5 : start + 7]),
    )
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (width, height)):
        raise Invalid(
            f"the picture has {width} × {height} px; sides from {MIN_SIDE_PX} to {MAX_SIDE_PX}",
            code="picture_size",
        )
    return width, height


def _after_scan(raw: bytes, at: int) -> int:
    """Where the next marker stands after compressed data: a stuffed zero or a restart marker belongs to it."""
    while True:
        at = raw.find(b"\xff", at)
        if at < 0 or at + 1 >= len(raw):
            raise _bad("it ends too early")
        following = raw[at + 1]
        if following != 0x00 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _bad(why: str) -> Invalid:
    return Invalid(f"this is no JPEG picture that we accept: {why}", code="not_a_jpeg")
