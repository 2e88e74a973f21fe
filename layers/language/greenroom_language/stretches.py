"""Cuts a recording into stretches of speech that an engine can take, with their sound."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from greenroom_language.protocol import LONGEST_S, SAMPLE_RATE
from greenroom_media.decode import AudioBlock, read_audio
from greenroom_media.recording import Recording
from greenroom_speech.activity import WINDOW, WINDOW_S, Voice
from greenroom_speech.stretches import speech_stretches

PAUSE_S = 0.7
"""A shorter pause does not end an utterance."""
AROUND_S = 0.2
"""Given to the engine before and after, so that no first or last sound is cut."""
_MOST = int((LONGEST_S - 2 * AROUND_S) / WINDOW_S)
_LOOK_BACK = int(5 / WINDOW_S)
_BLOCK_S = 256 * WINDOW_S


@dataclass(frozen=True)
class Spoken:
    """One stretch: windows of `WINDOW_S`, `first` up to `end` (excluded)."""

    first: int
    end: int

    @property
    def start_s(self) -> float:
        """Where its sound starts, `AROUND_S` before the speech."""
        return max(0.0, self.first * WINDOW_S - AROUND_S)

    @property
    def samples(self) -> tuple[int, int]:
        return round(self.start_s * SAMPLE_RATE), round(
            (self.end * WINDOW_S + AROUND_S) * SAMPLE_RATE
        )


def spoken_stretches(recording: Path, facts: Recording) -> list[Spoken]:
    """Where someone speaks. Raises as `greenroom_media.run.running` does."""
    voice = Voice()
    likely: list[float] = []
    for block in read_audio(recording, facts, sample_rate=SAMPLE_RATE, block_s=_BLOCK_S):
        likely += voice.probabilities(np.pad(block.samples, (0, -block.samples.size % WINDOW)))
    return joined(likely)


def joined(likely: Sequence[float]) -> list[Spoken]:
    """Speech with short pauses in it, cut where it is too long for an engine, at its least likely window."""
    found: list[Spoken] = []
    for item in speech_stretches(likely, WINDOW_S):
        first = item.first
        if found:
            last = found[-1]
            near = (item.first - last.end) * WINDOW_S < PAUSE_S
            if near and item.end - last.first <= _MOST:
                found[-1] = Spoken(last.first, item.end)
                continue
        while item.end - first > _MOST:
            late = range(first + _MOST - _LOOK_BACK, first + _MOST)
            cut = min(late, key=lambda at: (likely[at], -at))
            found.append(Spoken(first, cut))
            first = cut
        found.append(Spoken(first, item.end))
    return found


def sounds(
    recording: Path, facts: Recording, stretches: Sequence[Spoken]
) -> Generator[tuple[Spoken, NDArray[np.float32]]]:
    """Each stretch with its sound at `SAMPLE_RATE`; holds one stretch and one block of the recording at a time."""
    held, begin = np.empty(0, np.float32), 0
    decoding = read_audio(recording, facts, sample_rate=SAMPLE_RATE, block_s=_BLOCK_S)
    with closing(cast(Generator[AudioBlock], decoding)) as blocks:
        for item in stretches:
            start, end = item.samples
            while begin + held.size < end and (block := next(blocks, None)) is not None:
                held = np.concatenate((held, block.samples))
                over = min(max(0, start - begin), held.size)
                held, begin = held[over:], begin + over
            yield item, held[max(0, start - begin) : max(0, end - begin)]
