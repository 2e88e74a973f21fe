"""What every candidate sends: the same bytes, made or drawn once and cut into parts."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.media_fixtures import MediaWorkshop

PART_S = 2.0
"""Seconds of one part, as the recorder cuts them."""
MIME_TYPE = "video/webm"


@dataclass(frozen=True)
class Piece:
    """One part's bytes; `start_ms` and `end_ms` on the attempt's clock."""

    number: int
    body: bytes
    sha256: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Clip:
    """One answer's camera track."""

    pieces: Sequence[Piece]

    @property
    def duration_ms(self) -> int:
        return self.pieces[-1].end_ms

    def manifest(self, without: frozenset[int] = frozenset()) -> dict[str, Any]:
        """As the recorder hands it in; it does not name parts whose bytes its browser has lost."""
        parts = [
            {
                "part": piece.number,
                "size": len(piece.body),
                "sha256": piece.sha256,
                "start_ms": piece.start_ms,
                "end_ms": piece.end_ms,
            }
            for piece in self.pieces
            if piece.number not in without
        ]
        segment = {"segment": 0, "mime_type": MIME_TYPE, "parts": parts}
        return {"tracks": [{"track": "camera", "segments": [segment]}]}


def noise(seconds: float, bits_per_second: int) -> Clip:
    """Bytes that nobody will look at."""
    size = int(PART_S * bits_per_second / 8)
    chance = random.Random(1)
    return _clip([chance.randbytes(size) for _ in range(round(seconds / PART_S))], PART_S)


def speech(folder: Path, seconds: float, parts: int) -> Clip:
    """A moving picture with sound, by ffmpeg, in so many parts of equal size."""
    media = MediaWorkshop(folder).webm(seconds, size="640x360").read_bytes()
    size = -(-len(media) // parts)
    return _clip(
        [media[start : start + size] for start in range(0, len(media), size)], seconds / parts
    )


def _clip(bodies: Sequence[bytes], part_s: float) -> Clip:
    ms = part_s * 1000
    return Clip(
        [
            Piece(
                number,
                body,
                hashlib.sha256(body).hexdigest(),
                round(number * ms),
                round((number + 1) * ms),
            )
            for number, body in enumerate(bodies)
        ]
    )
