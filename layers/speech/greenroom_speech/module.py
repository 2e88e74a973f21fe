"""The module `speech`: voice activity, pauses, speaking rate and liveliness of the camera track's sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

from greenroom.domain.analysis import Findings, NotMeasured, Observation, in_order
from greenroom.domain.asked import Asked
from greenroom.domain.template import TrackName
from greenroom_media.probe import probe
from greenroom_media.recording import Recording
from greenroom_speech.activity import WINDOW_S, model_digest
from greenroom_speech.delivery import delivery
from greenroom_speech.listening import Heard, listen
from greenroom_speech.stretches import Stretch, certainty, pauses_between, speech_stretches
from greenroom_speech.waveform import waveform

LEAST_SPEECH_S = 3.0
"""Seconds of speech below which shares and rates say nothing."""
FULL_SPEECH_S = 15.0
"""Seconds of speech from which their amount no longer lowers the confidence."""
LONG_PAUSE_S = 1.5
"""Seconds; a listener notices a pause from about here (silences beyond 1–1.5 s count as hesitation)."""

_GOLDEN = "two_sentences.webm"
_GOLDEN_SPEECH_S = ((1.0, 2.95), (5.3, 7.35))


class SpeechModule:
    """Finds `speech` and `pause` ranges, and from them and the voice what holds for the whole answer."""

    name = "speech"
    version = "2.0.0"
    purpose: Literal["recording", "transcript", "face"] = "recording"
    tracks: tuple[TrackName, ...] = ("camera",)
    provides = (
        *("speech", "pause", "speech_share", "long_pauses_per_min", "mean_pause"),
        *("speaking_rate", "articulation_rate", "pitch_variation", "energy_variation"),
    )

    def model_digest(self) -> str | None:
        return model_digest()

    def self_test(self) -> None:
        """Two sentences with silence around them are found where they are, within a fifth of a second."""
        with resources.as_file(resources.files("greenroom_speech") / "golden" / _GOLDEN) as golden:
            heard = listen(golden, probe(golden, need_video=False))
        found = speech_stretches(heard.voice, WINDOW_S)
        times = [(item.first * WINDOW_S, item.end * WINDOW_S) for item in found]
        if len(times) != len(_GOLDEN_SPEECH_S) or any(
            abs(is_at - should_be) > 0.2
            for pair, golden_pair in zip(times, _GOLDEN_SPEECH_S, strict=True)
            for is_at, should_be in zip(pair, golden_pair, strict=True)
        ):
            raise RuntimeError(f"speech in the golden recording was found at {times}")

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        """Observations on the camera's sound. Raises `NotMeasured` without sound or (nearly) without speech."""
        heard, facts = _heard(recordings["camera"])
        return _observed(heard, facts)

    def findings(self, recordings: Mapping[TrackName, Path], asked: Asked) -> Findings:
        """As `observe`, with the waveform; what was asked makes no difference to how it sounds."""
        heard, facts = _heard(recordings["camera"])
        return Findings(_observed(heard, facts), waveform=waveform(heard.peaks, WINDOW_S))


def _heard(recording: Path) -> tuple[Heard, Recording]:
    facts = probe(recording, need_video=False)
    if facts.audio is None:
        raise NotMeasured("the recording has no sound", code="no_sound")
    return listen(recording, facts), facts


def _observed(heard: Heard, facts: Recording) -> list[Observation]:
    found = observations(heard.voice, WINDOW_S, facts.duration_s)
    speech = np.zeros(len(heard.voice), bool)
    for item in speech_stretches(heard.voice, WINDOW_S):
        speech[item.first : item.end] = True
    whole = next(item for item in found if item.kind == "speech_share")
    return in_order([*found, *delivery(heard, speech, whole)])


def observations(
    probabilities: Sequence[float], window_s: float, duration_s: float
) -> list[Observation]:
    """Stretches, pauses and what follows from them. Raises `NotMeasured` below `LEAST_SPEECH_S` of speech."""
    speech = speech_stretches(probabilities, window_s)
    spoken_s = sum(item.windows for item in speech) * window_s
    if spoken_s < LEAST_SPEECH_S or duration_s <= 0:
        raise NotMeasured(
            f"no speech to measure: {spoken_s:.1f} s were heard, {LEAST_SPEECH_S:g} s are needed",
            code="no_speech",
        )
    pauses = pauses_between(speech, probabilities)
    lengths = [item.windows * window_s for item in pauses]
    long = [length for length in lengths if length >= LONG_PAUSE_S]
    sure = certainty(probabilities) * min(1.0, spoken_s / FULL_SPEECH_S)

    def over_range(kind: str, item: Stretch) -> Observation:
        start_s, end_s = item.first * window_s, min(item.end * window_s, duration_s)
        return Observation(
            kind=kind,
            start_s=start_s,
            end_s=max(start_s, end_s),
            value=item.windows * window_s,
            unit="s",
            confidence=item.certainty,
            n=item.windows,
        )

    def over_all(kind: str, value: float, unit: str, n: int) -> Observation:
        return Observation(
            kind=kind, start_s=0, end_s=duration_s, value=value, unit=unit, confidence=sure, n=n
        )

    whole = [
        over_all("speech_share", min(1.0, spoken_s / duration_s), "share", len(probabilities)),
        over_all("long_pauses_per_min", len(long) * 60 / duration_s, "1/min", len(pauses)),
    ]
    if pauses:
        whole.append(over_all("mean_pause", sum(lengths) / len(lengths), "s", len(pauses)))
    return [
        *(over_range("speech", item) for item in speech),
        *(over_range("pause", item) for item in pauses),
        *whole,
    ]
