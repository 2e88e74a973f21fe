"""A camera whose frames carry their number, and the reader that finds the numbers again in a recording."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import cv2
import numpy as np

from greenroom_media.binary import find

FPS = 30
BITS = 10
FRAMES = 2**BITS
"""34 seconds; then the file begins anew, as Chromium plays it."""
WIDTH, HEIGHT, BLOCK = 640, 360, 56


def make_camera(path: Path) -> Path:
    """Motion JPEG for ``--use-file-for-fake-video-capture``: ten blocks, black or white, hold the number."""
    chance = np.random.default_rng(5)
    texture = chance.integers(90, 166, (HEIGHT, WIDTH), np.uint8)
    with path.open("wb") as file:
        for number in range(FRAMES):
            picture = np.roll(texture, number * 3, axis=1).copy()
            for bit in range(BITS):
                left = 20 + bit * (BLOCK + 4)
                picture[40 : 40 + BLOCK, left : left + BLOCK] = 255 if number >> bit & 1 else 0
            _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])
            file.write(jpeg.tobytes())
    return path


def make_microphone(path: Path) -> Path:
    """A second of speech-like noise in every two."""
    chance = np.random.default_rng(6)
    rate = 16_000
    loud = np.repeat([0.2, 0.004] * 10, rate)
    sound = (chance.standard_normal(len(loud)) * loud * 8000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound.tobytes())
    return path


def numbers_in(recording: Path) -> list[tuple[float, int]]:
    """(seconds, number) of every frame of a recording, in order."""
    command = [
        str(find().path), "-v", "error", "-i", str(recording), "-map", "0:v:0", "-fps_mode", "passthrough",
        "-vf", f"scale={WIDTH}:{HEIGHT},format=gray,showinfo", "-f", "rawvideo", "-",
    ]  # fmt: skip
    command[2] = "info"
    ran = subprocess.run(command, capture_output=True, check=True)
    times = [
        float(line.split("pts_time:")[1].split()[0])
        for line in ran.stderr.decode(errors="replace").splitlines()
        if "pts_time:" in line
    ]
    pictures = np.frombuffer(ran.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)
    return [(time, _number(picture)) for time, picture in zip(times, pictures, strict=True)]


def _number(picture: np.ndarray) -> int:
    margin = BLOCK // 4
    number = 0
    for bit in range(BITS):
        left = 20 + bit * (BLOCK + 4)
        block = picture[40 + margin : 40 + BLOCK - margin, left + margin : left + BLOCK - margin]
        number |= int(block.mean() > 127) << bit
    return number


def runs_in(
    frames: list[tuple[float, int]], *, most_missing: int = 15
) -> list[list[tuple[float, int]]]:
    """Runs without a hole: the number never jumps by more than `most_missing` frames, and never back."""
    runs: list[list[tuple[float, int]]] = []
    for frame in frames:
        step = (frame[1] - runs[-1][-1][1]) % FRAMES if runs else FRAMES
        if step <= most_missing:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return runs


def seconds_of(run: list[tuple[float, int]]) -> float:
    """How long the camera took for the numbers of a run."""
    return ((run[-1][1] - run[0][1]) % FRAMES + 1) / FPS
