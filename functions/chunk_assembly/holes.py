"""Bridges what lost parts leave open, so that the bytes behind a hole can still be read.

Matroska blocks and MP4 boxes say their length in front. When bytes in the middle are gone, the element that
was cut takes its missing rest from what follows, and in an MP4 every later offset is wrong. Zeros in place of
the lost bytes keep the rest where it belongs: ffmpeg looks for the next cluster behind them, and an MP4's
samples stay at their offsets. Where a hole swallowed the start of an MP4 fragment, the next one is searched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom_media.sniff import HEAD_BYTES, sniff

BLOCK_BYTES = 2**20
"""No coded frame is larger in practice; longer holes in Matroska need no more zeros than this."""

MAX_FILL_BYTES = 512 * 2**20
"""Zeros written for one segment at most: sizes of parts that never came are only claims."""

_MOOF = b"moof"
_LARGEST_MOOF = 2**24


@dataclass(frozen=True)
class Hole:
    """`size` bytes are missing here; None when nobody knows how many."""

    size: int | None


def bridged(pieces: Iterable[bytes | Hole]) -> Iterator[bytes]:
    """The pieces' bytes with every hole between two pieces bridged. Holes at the end stay open."""
    bridge: _Bridge | None = None
    hole: Hole | None = None
    for piece in pieces:
        if isinstance(piece, Hole):
            hole = _together(hole, piece)
            continue
        if bridge is None:
            bridge = _bridge_for(piece)
        elif hole is not None:
            yield from bridge.across(hole)
        hole = None
        yield from bridge.take(piece)


def _together(one: Hole | None, other: Hole) -> Hole:
    if one is None:
        return other
    known = one.size is not None and other.size is not None
    return Hole(one.size + other.size if known else None)  # type: ignore[operator]


def _bridge_for(head: bytes) -> _Bridge:
    return _Boxes() if sniff(head[:HEAD_BYTES]).demuxer == "mov" else _Bridge()


def _zeros(count: int) -> Iterator[bytes]:
    block = bytes(min(count, BLOCK_BYTES))
    while count > 0:
        yield block[:count]
        count -= len(block)


class _Bridge:
    """Matroska: ffmpeg finds the next cluster by itself when the cut block has been filled up."""

    def take(self, piece: bytes) -> Iterator[bytes]:
        yield piece

    def across(self, hole: Hole) -> Iterator[bytes]:
        size = BLOCK_BYTES if hole.size is None else hole.size
        yield from _zeros(min(size, BLOCK_BYTES))


class _Boxes(_Bridge):
    """MP4: follows the top-level boxes to know what a hole has cut."""

    def __init__(self) -> None:
        self._header = b""
        self._left: int | None = 0  # bytes of the current box still to come; None: it has no end
        self._lost = False  # searching the next fragment
        self._filled = 0

    def take(self, piece: bytes) -> Iterator[bytes]:
        if self._lost:
            piece = self._search(piece)
        while piece:
            if self._left != 0:
                end = len(piece) if self._left is None else self._left
                inside, piece = piece[:end], piece[end:]
                if self._left is not None:
                    self._left -= len(inside)
                yield inside
            else:
                # A header leaves only when it is whole: half of one cannot be completed behind a hole.
                wanted = _header_length(self._header)
                self._header, piece = (
                    self._header + piece[: wanted - len(self._header)],
                    piece[wanted - len(self._header) :],
                )
                if len(self._header) == _header_length(self._header):
                    yield self._header
                    self._left = _box_rest(self._header)
                    self._header = b""

    def across(self, hole: Hole) -> Iterator[bytes]:
        left = self._left
        room = MAX_FILL_BYTES - self._filled
        if hole.size is not None and hole.size <= room and self._covers(hole.size):
            self._left = None if left is None else left - hole.size
            yield from self._fill(hole.size)
            return
        if left is not None and left <= room:
            yield from self._fill(left)
        self._header, self._left, self._lost = b"", 0, True

    def _covers(self, size: int) -> bool:
        """Whether the current box began before the hole and ends behind it."""
        return not self._header and self._left != 0 and (self._left is None or self._left >= size)

    def _fill(self, count: int) -> Iterator[bytes]:
        self._filled += count
        return _zeros(count)

    def _search(self, piece: bytes) -> bytes:
        """From the next fragment on; the last bytes are kept, since its name may be cut in two."""
        found = self._header + piece
        at = found.find(_MOOF, 4)
        while at >= 0:
            if 8 < struct.unpack_from(">I", found, at - 4)[0] <= _LARGEST_MOOF:
                self._header, self._lost = b"", False
                return found[at - 4 :]
            at = found.find(_MOOF, at + 1)
        self._header = found[-7:]
        return b""


def _header_length(header: bytes) -> int:
    """8 bytes, 16 when the 32-bit size says that a 64-bit one follows (ISO/IEC 14496-12, 4.2)."""
    return 16 if header[:4] == b"\x00\x00\x00\x01" else 8


def _box_rest(header: bytes) -> int | None:
    """Bytes behind a box's header; None for a box that lasts to the end of the file."""
    size: int = struct.unpack_from(">I", header)[0]
    if size == 0:
        return None
    if size == 1:
        size = struct.unpack_from(">Q", header, 8)[0]
    return max(0, size - len(header))
