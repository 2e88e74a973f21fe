"""Pitch, syllables and waveform of sounds that are known because they are made here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from greenroom_speech.listening import FRAME, HOP, HOP_S
from greenroom_speech.pitch import LEAST_FRAMES, candidates, pitch, semitones_spread
from greenroom_speech.syllables import nuclei
from greenroom_speech.waveform import MOST, waveform

RATE = 16_000


def buzz(hertz: NDArray[np.float64]) -> NDArray[np.float32]:
    """A tone with overtones, as a voice has, that follows `hertz` sample by sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return sum(np.sin(n * phase) / n for n in range(1, 9)).astype(np.float32) / 3


def heard(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    return pitch(candidates(frames, RATE), np.ones(len(frames), bool))


@pytest.mark.parametrize("hertz", [80.0, 110.0, 180.0, 240.0, 390.0])
def test_a_steady_voice_has_its_pitch_and_no_spread(hertz: float) -> None:
    found = heard(buzz(np.full(RATE * 2, hertz)))
    assert found == pytest.approx(hertz, rel=0.005)
    assert semitones_spread(found) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("depth", [1.0, 3.0, 4.5])
def test_the_spread_is_that_of_the_melody_whatever_the_height(depth: float) -> None:
    melody = depth * np.sin(2 * np.pi * 0.8 * np.arange(RATE * 5) / RATE)
    for height in (110.0, 220.0):
        found = heard(buzz(height * 2 ** (melody / 12)))
        assert semitones_spread(found) == pytest.approx(depth / np.sqrt(2), rel=0.06)


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE * 5).astype(np.float32)
    assert semitones_spread(heard(noise)) is None


def test_a_second_of_voice_is_the_least() -> None:
    assert semitones_spread(np.full(LEAST_FRAMES - 1, 100.0)) is None
    assert semitones_spread(np.full(LEAST_FRAMES, 100.0)) == pytest.approx(0)


def level(syllables: int, seconds: float, dip_db: float) -> NDArray[np.float64]:
    """Loudness in dBFS that rises and falls so many times."""
    at = np.arange(round(seconds / HOP_S)) * HOP_S
    return -20 - dip_db / 2 * (1 + np.cos(2 * np.pi * syllables * at / seconds))


def test_each_rise_of_a_voiced_sound_is_a_syllable() -> None:
    loud = level(20, 5, 12)
    yes = np.ones(loud.size, bool)
    assert len(nuclei(loud, yes, yes)) == 20
    assert nuclei(loud, ~yes, yes) == [], "unvoiced"
    assert nuclei(loud, yes, ~yes) == [], "not speech"
    assert len(nuclei(level(20, 5, 1.5), yes, yes)) <= 1, "hardly a dip"


@given(arrays(np.float64, st.integers(0, 80), elements=st.floats(-100, 0)), st.data())
def test_nuclei_are_in_order_within_speech_and_voiced(
    loud: NDArray[np.float64], data: st.DataObject
) -> None:
    voiced = data.draw(arrays(np.bool_, loud.size))
    speech = data.draw(arrays(np.bool_, loud.size))
    found = nuclei(loud, voiced, speech)
    assert found == sorted(set(found))
    assert all(speech[at] and voiced[max(0, at - 1) : at + 2].any() for at in found)


@given(arrays(np.float64, st.integers(0, 5000), elements=st.floats(0, 3)))
def test_the_waveform_stays_small_and_keeps_the_highest(peaks: NDArray[np.float64]) -> None:
    made = waveform(peaks, 0.032)
    assert len(made.peaks) <= MOST
    assert made.step_s * len(made.peaks) >= 0.032 * peaks.size - 1e-6
    assert max(made.peaks, default=0) == round(min(1.0, peaks.max(initial=0)) * 100)
