"""Decodes a recording into numbers: sound as float samples, pictures as arrays, a little at a time.

Both run on the recording's clock: gaps become silence or repeated pictures, so the n-th sample or frame
is always at the same time, also in a file joined from several segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from greenroom_media import command
from greenroom_media.errors import MediaRefused, Refusal
from greenroom_media.recording import Recording, VideoFacts
from greenroom_media.rules import Rules
from greenroom_media.run import Limits, running
from greenroom_media.sniff import Kind

DECODE_LIMITS = Limits(wall_s=3600, cpu_s=3600)
_PIXEL_FORMATS = {"gray": ("gray", 1), "rgb": ("rgb24", 3)}


_TURNS: dict[int, tuple[tuple[str, ...], ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip",), ("vflip",)),
    270: (("transpose", "clock"),),
}


@dataclass(frozen=True)
class AudioBlock:
    """Mono float32 samples from `start_s` seconds on. Lossy codecs overshoot: values beyond ±1 are real."""

    start_s: float
    samples: NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """The picture shown at `time_s` seconds: height × width (gray) or height × width × 3 (RGB), 0–255."""

    time_s: float
    pixels: NDArray[np.uint8]


def read_audio(
    recording: Path,
    facts: Recording,
    *,
    sample_rate: int = 16_000,
    block_s: float = 10.0,
    threads: int = 1,
    limits: Limits = DECODE_LIMITS,
) -> Iterator[AudioBlock]:
    """All sound, mixed to one channel at `sample_rate` Hz, in blocks of `block_s` seconds.

    Yields nothing for a recording without sound. Raises as `running` does.
    """
    if facts.audio is None:
        return
    sound = on_clock(opened(recording, facts, threads)["a:0"], sample_rate)
    output = sound.filter("aformat", sample_fmts="flt", channel_layouts="mono").output(
        command.STDOUT, f="f32le"
    )
    size = max(1, round(block_s * sample_rate)) * 4
    with running(command.arguments(output), limits) as process:
        for number, block in enumerate(process.blocks(size)):
            yield AudioBlock(number * size / 4 / sample_rate, np.frombuffer(block, "<f4"))


def read_frames(
    recording: Path,
    facts: Recording,
    *,
    fps: float,
    width: int,
    colour: Literal["gray", "rgb"] = "gray",
    threads: int = 1,
    limits: Limits = DECODE_LIMITS,
) -> Iterator[Frame]:
    """Pictures at `fps` a second, upright, `width` px wide at most (never enlarged), pixels square.

    Raises `MediaRefused` (`media_no_video`) for a recording without a picture, and as `running` does.
    """
    if facts.video is None:
        raise MediaRefused(Refusal.NO_VIDEO, "the recording has no picture")
    pictures, (columns, rows) = upright(
        opened(recording, facts, threads)["V:0"], facts.video, fps, width
    )
    pixel_format, channels = _PIXEL_FORMATS[colour]
    output = pictures.filter("format", pixel_format).output(command.STDOUT, f="rawvideo")
    shape = (rows, columns) if channels == 1 else (rows, columns, channels)
    size = rows * columns * channels
    with running(command.arguments(output), limits) as process:
        for number, block in enumerate(process.blocks(size)):
            if len(block) < size:
                return
            yield Frame(number / fps, np.frombuffer(block, np.uint8).reshape(shape))


def opened(recording: Path, facts: Recording, threads: int) -> Any:
    """An input node for decoding with `threads` decoder threads.

    When the picture's size changes on the way, the filters go on as they are: a rebuilt `fps` filter
    would start its clock again. `upright` therefore must be the first filter on any picture, before one
    that relies on the size.
    """
    return command.source(
        recording,
        Kind(facts.container),
        Rules(),
        **{"threads": threads, "noautorotate": None, "reinit_filter:v": 0},
    )


def upright(
    pictures: Any, facts: VideoFacts, fps: float, width: int
) -> tuple[Any, tuple[int, int]]:
    """`pictures` at `fps` a second, turned upright, and their fixed (width, height) in px.

    They are at most `width` px wide, never enlarged, pixels square. `fps` and `scale` take frames of any
    size; from there on all have one.
    """
    # Rounding up takes the picture shown at n / fps; the default takes one from up to half a step later.
    return sized(pictures.filter("fps", fps=fps, start_time=0, round="up"), facts, width)


def sized(pictures: Any, facts: VideoFacts, width: int) -> tuple[Any, tuple[int, int]]:
    """`pictures` turned upright, and their fixed (width, height) in px; see `upright`."""
    columns, rows = _fit(facts.display_size, width)
    lying = (rows, columns) if facts.rotation % 180 else (columns, rows)
    shown = pictures.filter("scale", *lying)
    for name, *arguments in _TURNS[facts.rotation]:
        shown = shown.filter(name, *arguments)
    return shown.filter("setsar", 1), (columns, rows)


def on_clock(sound: Any, sample_rate: int) -> Any:
    """`sound` at `sample_rate` Hz with silence in its gaps and before its start.

    Without it the sound of a joined file slides about 34 ms ahead at every join.
    """
    return sound.filter(
        "aresample",
        sample_rate,
        **{"async": 1, "min_hard_comp": 0.01, "first_pts": 0},
    )


def _fit(size: tuple[int, int], width: int) -> tuple[int, int]:
    """(columns, rows) of `size` at most `width` px wide, even numbers as scalers like them."""
    columns = max(2, min(width, size[0]) // 2 * 2)
    return columns, max(2, round(size[1] * columns / size[0] / 2) * 2)
