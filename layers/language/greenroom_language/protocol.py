"""What goes between the module and the process that runs an engine: sound in, words out.

The process first writes one line of JSON: ``{"engine": name, "version": …}``, or ``{"error": why}``. Then, for each
stretch of speech, it reads a line ``{"samples": n}`` and n little-endian 32-bit floats (mono, 16 kHz), and writes a
line that `Heard` describes. It ends when its input ends. A program of the company's own is welcome to do the same.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from greenroom.domain.model import Document, Seconds, Share

SAMPLE_RATE = 16_000
LONGEST_S = 25.0
"""Seconds of one stretch at most: Whisper's models take thirty."""
LINE_BYTES = 1 << 20
"""Longer lines are refused: half a minute of speech has some hundred words."""


class Ready(Document):
    """The first line. `error` says why there will be no other."""

    engine: Annotated[str, StringConstraints(max_length=100)] = ""
    version: Annotated[str, StringConstraints(max_length=100)] = ""
    error: Annotated[str, StringConstraints(max_length=2000)] | None = None


class Stretch(Document):
    samples: Annotated[int, Field(ge=0, le=int(LONGEST_S * SAMPLE_RATE))]


class Piece(Document):
    """A word, a part of one or a character, in seconds from the stretch's start.

    It brings its own leading space: all pieces together are the text. Engines that tell no times give one piece.
    """

    text: Annotated[str, StringConstraints(max_length=2000)]
    start_s: Seconds
    end_s: Seconds


class Heard(Document):
    """What one stretch says. `language` (ISO 639) is None where the engine does not tell it."""

    pieces: Annotated[list[Piece], Field(max_length=2000)] = []
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    confidence: Share
