"""The recording that an engine must understand before it is used: ours in English, or the company's own.

Beside a model for another language lies a ``self_test.json``: ``{"recording": "test_wavs/zh.wav", "words": "…"}``,
the recording a WAV (mono, 16 kHz, 16 bits) of at most 25 s in the same folder.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints

from greenroom.domain.errors import Invalid
from greenroom.domain.model import Document, Share
from greenroom_language.protocol import LONGEST_S, SAMPLE_RATE
from greenroom_language.words import Cutter

LEAST = 0.5
"""Share of the words that must be understood: the golden voice is a synthetic one."""


class SelfTest(Document):
    recording: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    words: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    least: Annotated[Share, Field(gt=0)] = LEAST


@dataclass(frozen=True)
class Golden:
    """`sound`: mono, `SAMPLE_RATE`; `words`: what is said in it."""

    sound: NDArray[np.float32]
    words: str
    least: float

    def check(self, heard: str) -> None:
        """Raise RuntimeError where less than `least` of the words are among those `heard`."""
        cutter = Cutter(())
        expected, understood = cutter.forms(self.words), set(cutter.forms(heard))
        right = sum(form in understood for form in expected)
        if right < self.least * len(expected):
            raise RuntimeError(
                f"of the {len(expected)} words {self.words!r} in the golden recording {right} were understood: "
                f"{heard[:200]!r}; a model of another language needs a self_test.json"
            )


def golden(company: Path | None) -> Golden:
    """The company's where it brings one. Raises RuntimeError where that cannot be read."""
    if company is None:
        stored = resources.files("greenroom_language") / "golden"
        with resources.as_file(stored / "two_sentences.wav") as path:
            words = "I trained four people in March. Then the queue was half as long."
            return Golden(_wav(path), words, LEAST)
    try:
        test = SelfTest.parse(company.read_bytes(), what=company.name)
        return Golden(_wav(company.parent / test.recording), test.words, test.least)
    except (Invalid, OSError, wave.Error, EOFError) as error:
        raise RuntimeError(f"{company}: {error}") from error


def _wav(path: Path) -> NDArray[np.float32]:
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getframerate(), file.getsampwidth()) != (1, SAMPLE_RATE, 2):
            raise wave.Error(f"{path.name} is not mono, {SAMPLE_RATE} Hz, 16 bits")
        samples = file.readframes(int(LONGEST_S * SAMPLE_RATE))
    return np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32768)
