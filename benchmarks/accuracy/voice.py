"""Voice activity held against scripts whose times are known, because we spoke and spaced them ourselves.

A synthetic voice says each sentence alone; its first and last sound are where its label begins and ends. Sentences and
silences of 0.4 to 3 s then make an answer, to which a room's noise is added, and which is encoded as a browser does.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.clips import OPUS, ffmpeg
from greenroom_cli.demo.voice import speak
from greenroom_media.probe import probe
from greenroom_speech.activity import WINDOW_S
from greenroom_speech.listening import listen
from greenroom_speech.stretches import speech_stretches

AIM = 0.95
FRAME_S = 0.01
_AUDIBLE = 0.01
ROOMS_DB: Mapping[str, float | None] = {"studio": None, "office": 25.0, "café": 10.0}
"""Speech over white noise in dB."""
SCRIPTS = {
    "en-us": (
        "I trained four people in March.",
        "Then the queue was half as long.",
        "First we asked every customer what went wrong.",
        "It took three weeks.",
        "In the end the numbers were better than the year before.",
        "Yes.",
        "I would do it the same way again.",
    ),
    "cmn": (
        "我们先和顾客谈话。",
        "然后制定了新的计划。",
        "当时人手不够。",
        "最后结果很好。",
        "所以我学到了很多东西。",
        "对。",
        "首先要听别人怎么说。",
    ),
}
RATES = (130, 180)
"""Words a minute."""


@dataclass
class Tally:
    """Frames of `FRAME_S`: speech that was found, was not found, and was found where there is none."""

    right: int = 0
    missed: int = 0
    false: int = 0

    def add(self, label: NDArray[np.bool_], found: NDArray[np.bool_]) -> None:
        self.right += int((label & found).sum())
        self.missed += int((label & ~found).sum())
        self.false += int((~label & found).sum())

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.false)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.missed + self.false)


def figures(folder: Path, rooms_db: Mapping[str, float | None] = ROOMS_DB) -> dict[str, float]:
    """Print a line for each room; `vad_f1` is over all of them."""
    whole = Tally()
    print(f"{'voice activity in':<22} {'recall':>7} {'precision':>9} {'F1':>7}")
    for room, ratio_db in rooms_db.items():
        tally = Tally()
        for number, (voice, sentences) in enumerate(SCRIPTS.items()):
            for rate in RATES:
                sound, hertz, label = _answer(folder, voice, sentences, rate, seed=number)
                path = folder / f"{voice}-{rate}-{room}.webm"
                _encoded(_in_room(sound, label, ratio_db), hertz, path)
                tally.add(label, _found(path, label.size))
        whole = Tally(
            whole.right + tally.right, whole.missed + tally.missed, whole.false + tally.false
        )
        print(f"{room:<22} {tally.recall:>7.3f} {tally.precision:>9.3f} {tally.f1:>7.3f}")
    verdict = "met" if whole.f1 >= AIM else "MISSED"
    print(
        f"{'all':<22} {whole.recall:>7.3f} {whole.precision:>9.3f} {whole.f1:>7.3f}  aim ≥ {AIM} {verdict}"
    )
    return {"vad_f1": whole.f1}


def _answer(
    folder: Path, voice: str, sentences: tuple[str, ...], rate: int, *, seed: int
) -> tuple[NDArray[np.float64], int, NDArray[np.bool_]]:
    """Samples, their rate, and which frames of `FRAME_S` hold speech."""
    chance = np.random.default_rng(seed)
    sounds, spans, at, hertz = [], [], 0, 0
    for sentence in sentences:
        path = folder / "sentence.wav"
        speak(f"<speak>{sentence}</speak>", path, voice=voice, words_per_minute=rate)
        with wave.open(str(path), "rb") as file:
            hertz = file.getframerate()
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        loud = np.flatnonzero(np.abs(sound) > _AUDIBLE)
        sound = sound[loud[0] : loud[-1] + 1]
        silence = np.zeros(round(chance.uniform(0.4, 3) * hertz))
        spans.append((at + silence.size, at + silence.size + sound.size))
        sounds += [silence, sound]
        at = spans[-1][1]
    sounds.append(np.zeros(hertz))
    samples = np.concatenate(sounds)
    middles = (np.arange(int(samples.size / hertz / FRAME_S)) + 0.5) * FRAME_S * hertz
    label = np.zeros(middles.size, bool)
    for start, end in spans:
        label |= (middles >= start) & (middles < end)
    return samples, hertz, label


def _in_room(
    sound: NDArray[np.float64], label: NDArray[np.bool_], ratio_db: float | None
) -> NDArray[np.float64]:
    if ratio_db is None:
        return sound
    speech = np.square(sound).sum() / (label.mean() * sound.size)
    noise = np.random.default_rng(7).normal(0, np.sqrt(speech / 10 ** (ratio_db / 10)), sound.size)
    return np.asarray(sound + noise)


def _encoded(sound: NDArray[np.float64], hertz: int, path: Path) -> None:
    raw = path.with_suffix(".f32")
    raw.write_bytes(sound.astype("<f4").tobytes())
    ffmpeg("-f", "f32le", "-ar", str(hertz), "-ac", "1", "-i", raw, *OPUS, path)
    raw.unlink()


def _found(path: Path, frames: int) -> NDArray[np.bool_]:
    heard = listen(path, probe(path, need_video=False))
    middles = (np.arange(frames) + 0.5) * FRAME_S
    found = np.zeros(frames, bool)
    for item in speech_stretches(heard.voice, WINDOW_S):
        found |= (middles >= item.first * WINDOW_S) & (middles < item.end * WINDOW_S)
    return found
