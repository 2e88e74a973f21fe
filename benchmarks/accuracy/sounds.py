"""Sound as numbers, for twins whose labels follow from how they are made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom_media.binary import find

RATE = 48_000
Samples = NDArray[np.float32]
Span = tuple[float, float]

_FRAME = RATE // 50
_PAUSE_S = 1.0
_QUIET = 10 ** (-50 / 20)
_SILENT_S = 2.0
_SPOKEN_BELOW_LOUDEST_DB = 25.0
"""Frames of 20 ms count as speech when they are at most this far below the 95th percentile."""


def read(recording: Path) -> Samples:
    """All sound of a file, mono at `RATE` Hz."""
    command = [find().path, "-v", "error", "-nostdin", "-i", str(recording), "-vn"]
    command += ["-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<f4")


def speech_power(sound: Samples) -> float:
    """Mean power of the frames that hold speech."""
    power = _frames(sound)
    least = np.percentile(power, 95) * 10 ** (-_SPOKEN_BELOW_LOUDEST_DB / 10)
    return float(power[power > least].mean())


def floor_power(sound: Samples) -> float:
    """Power of what is there between words: the median of the quietest tenth of frames."""
    power = np.sort(_frames(sound))
    return float(np.median(power[: max(1, power.size // 10)]))


def white_noise(sound: Samples, ratio_db: float) -> tuple[Samples, float]:
    """`sound` with white noise `ratio_db` below its speech, and the ratio to all noise now in it, in dB."""
    speech = speech_power(sound)
    power = speech / 10 ** (ratio_db / 10)
    noise = np.random.default_rng(20).normal(0, np.sqrt(power), sound.size)
    ratio = 10 * np.log10(speech / (power + floor_power(sound)))
    return (sound + noise).astype(np.float32), float(ratio)


def clipped(sound: Samples, start_s: float, end_s: float) -> tuple[Samples, tuple[Span, ...]]:
    """`sound` so loud between two times that its tops are cut off, as by a hot microphone, and where they are.

    Pauses of more than a second are not clipped.
    """
    gain = 12 / np.percentile(np.abs(sound), 99)
    inside = _between(sound, start_s, end_s)
    loud = np.where(inside, np.clip(sound * gain, -1, 1), sound).astype(np.float32)
    cut = np.flatnonzero(inside & (np.abs(loud) >= 1)) / RATE
    breaks = np.flatnonzero(np.diff(cut) > _PAUSE_S)
    starts, ends = [0, *(breaks + 1)], [*breaks, cut.size - 1]
    spans = ((float(cut[a]), float(cut[b])) for a, b in zip(starts, ends, strict=True))
    return loud, tuple(spans)


def silent(sound: Samples, start_s: float, end_s: float) -> tuple[Samples, tuple[Span, ...]]:
    """`sound` with nothing between two times, and where nothing is to be heard, also of the clip's own pauses."""
    muted = np.where(_between(sound, start_s, end_s), 0, sound).astype(np.float32)
    loud = np.flatnonzero(np.abs(muted) >= _QUIET) / RATE
    edges = np.concatenate(([0.0], loud, [sound.size / RATE]))
    long = np.flatnonzero(np.diff(edges) >= _SILENT_S)
    return muted, tuple((float(edges[at]), float(edges[at + 1])) for at in long)


def _between(sound: Samples, start_s: float, end_s: float) -> NDArray[np.bool_]:
    at = np.arange(sound.size) / RATE
    return (at >= start_s) & (at < end_s)


def _frames(sound: Samples) -> NDArray[np.float64]:
    whole = sound[: sound.size // _FRAME * _FRAME].astype(np.float64)
    return np.square(whole).reshape(-1, _FRAME).mean(axis=1)
