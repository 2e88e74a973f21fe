"""The signal-to-noise ratio where the speaker pauses, and where one who reads hardly does."""

from __future__ import annotations

import subprocess
from importlib import resources

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom_media.binary import find
from greenroom_media.noise import GUARDS, PAUSE, SPEECH, Noise, Snr
from greenroom_media.voice import Voice

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def spoken() -> Samples:
    """Two sentences, mono, 48 kHz."""
    golden = resources.files("greenroom_speech") / "golden" / "two_sentences.webm"
    command = [
        find().path,
        "-v",
        "error",
        "-i",
        str(golden),
        "-ac",
        "1",
        "-ar",
        "48000",
        "-f",
        "f32le",
        "-",
    ]
    return np.frombuffer(
        subprocess.run(command, check=True, capture_output=True).stdout, np.float32
    )


def windows(sound: Samples) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Probability of speech and samples of each window."""
    voice = Voice()
    likely = np.array(voice.probabilities(sound))
    return likely, sound[: likely.size * voice.window].reshape(-1, voice.window)


def without_long_pauses(sound: Samples) -> Samples:
    """No window is left that lies further from speech than the widest guard."""
    likely, cut = windows(sound)
    near = np.convolve(likely >= PAUSE, np.ones(2 * GUARDS[0] + 1), "same") > 0
    return np.concatenate(cut[near])


def with_noise(sound: Samples, ratio_db: float) -> Samples:
    likely, cut = windows(sound)
    power = float(np.square(cut[likely > SPEECH], dtype=np.float64).mean())
    noise = (
        np.random.default_rng(1).normal(size=sound.size) * (power / 10 ** (ratio_db / 10)) ** 0.5
    )
    return (sound + noise).astype(np.float32)


def ratio(sound: Samples) -> Snr:
    noise = Noise(sound.size / 48_000)
    for at in range(0, sound.size, noise.block):
        noise.take(sound[at : at + noise.block])
    return noise.ratio()


@pytest.mark.parametrize("ratio_db", [5, 10, 20, 30])
@pytest.mark.parametrize("pauses", ["as spoken", "without long pauses"])
def test_noise_that_was_added_is_measured(spoken: Samples, pauses: str, ratio_db: float) -> None:
    sound = spoken if pauses == "as spoken" else without_long_pauses(spoken)
    assert ratio(with_noise(sound, ratio_db)).db == pytest.approx(ratio_db, abs=3)


def test_fewer_pauses_make_it_less_sure(spoken: Samples) -> None:
    sound = with_noise(spoken, 20)
    assert ratio(without_long_pauses(sound)).confidence < ratio(sound).confidence


def test_without_any_pause_it_is_not_measured(spoken: Samples) -> None:
    likely, cut = windows(spoken)
    assert ratio(np.concatenate(cut[likely > SPEECH])).reason == "too few pauses"
