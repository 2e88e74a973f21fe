"""From probabilities of speech to stretches of speech and the pauses between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

ON = 0.5
"""Speech starts at this probability; it ends below `OFF`. Both from Silero's `get_speech_timestamps`."""
OFF = 0.35
SHORTEST_SPEECH_S = 0.25
"""Seconds; shorter is a click or a cough (Silero's default)."""
SHORTEST_PAUSE_S = 0.3
"""Seconds; shorter gaps belong to articulation, e.g. the closure of a plosive (Goldman-Eisler 1968: 0.25 s)."""


@dataclass(frozen=True)
class Stretch:
    """Windows `first` up to `end` (excluded). `certainty`: mean distance of the probabilities from a guess, 0–1."""

    first: int
    end: int
    certainty: float

    @property
    def windows(self) -> int:
        return self.end - self.first


def speech_stretches(probabilities: Sequence[float], window_s: float) -> list[Stretch]:
    """Where someone speaks, with gaps shorter than `SHORTEST_PAUSE_S` filled."""
    patience = SHORTEST_PAUSE_S / window_s
    least = SHORTEST_SPEECH_S / window_s
    found: list[Stretch] = []
    first: int | None = None
    quiet: int | None = None
    for index, probability in enumerate(probabilities):
        if probability >= ON:
            first = index if first is None else first
            quiet = None
        elif first is not None:
            if quiet is None and probability < OFF:
                quiet = index
            if quiet is not None and index + 1 - quiet >= patience:
                found.append(stretch(probabilities, first, quiet))
                first = quiet = None
    if first is not None:
        end = len(probabilities) if quiet is None else quiet
        found.append(stretch(probabilities, first, end))
    return [item for item in found if item.windows >= least]


def pauses_between(speech: Sequence[Stretch], probabilities: Sequence[float]) -> list[Stretch]:
    """The pauses between stretches of speech; silence before the first and after the last is none."""
    return [
        stretch(probabilities, before.end, after.first)
        for before, after in itertools.pairwise(speech)
    ]


def stretch(probabilities: Sequence[float], first: int, end: int) -> Stretch:
    return Stretch(first, end, certainty(probabilities[first:end]))


def certainty(probabilities: Sequence[float]) -> float:
    """0 where the model guesses (0.5) all the time, 1 where it is always sure."""
    if not probabilities:
        return 0.0
    return sum(abs(2 * value - 1) for value in probabilities) / len(probabilities)
