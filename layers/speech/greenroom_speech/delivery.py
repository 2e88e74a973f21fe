"""How an answer is delivered: how fast, and how lively voice and loudness are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.analysis import Observation
from greenroom_speech.activity import WINDOW_S
from greenroom_speech.listening import HOP_S, Heard
from greenroom_speech.pitch import LEAST_FRAMES, pitch, semitones_spread
from greenroom_speech.syllables import nuclei

ESTIMATED = 0.6
"""Confidence at most of what is counted without a transcript: nuclei miss up to a sixth of the syllables."""
LEAST_SYLLABLES = 10


def delivery(heard: Heard, speech: NDArray[np.bool_], whole: Observation) -> Iterator[Observation]:
    """Rates and variations over the time and with the confidence of `whole`; `speech` has one entry a window.

    `speaking_rate` counts syllables over the time from the first word to the last, pauses included;
    `articulation_rate` over the time spent speaking. Loudness varies within speech that is voiced.
    """
    looks = np.repeat(speech, 2)[: heard.level.size]
    hertz = pitch(heard.pitch, looks)
    voiced = hertz > 0

    def over_all(kind: str, value: float, unit: str, confidence: float, n: int) -> Observation:
        return whole.model_copy(
            update={"kind": kind, "value": value, "unit": unit, "confidence": confidence, "n": n}
        )

    syllables = nuclei(heard.level, voiced, looks)
    if len(syllables) >= LEAST_SYLLABLES:
        spoken = np.flatnonzero(speech)
        between_s = float(spoken[-1] + 1 - spoken[0]) * WINDOW_S
        sure, n = min(ESTIMATED, whole.confidence), len(syllables)
        yield over_all("speaking_rate", n / between_s, "syllables/s", sure, n)
        yield over_all("articulation_rate", n / (spoken.size * WINDOW_S), "syllables/s", sure, n)
    n = int(voiced.sum())
    spread = semitones_spread(hertz)
    if spread is not None:
        sure = whole.confidence * min(1.0, n * HOP_S / 10)
        yield over_all("pitch_variation", spread, "semitones", sure, n)
    if n >= LEAST_FRAMES:
        yield over_all("energy_variation", float(np.std(heard.level[voiced])), "dB", sure, n)
