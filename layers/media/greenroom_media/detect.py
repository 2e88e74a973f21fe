"""Finds black, frozen, silent and clipped stretches and measures loudness, in one decoding pass.

ffmpeg's detectors leave their findings in frame metadata, which its `metadata` filter prints into pipes
of ours; beside them come small pictures for what stands still, and float samples for clipping, which
integer formats would hide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from greenroom.domain.quality import TimeRange
from greenroom_media import command
from greenroom_media.clipping import Clipping
from greenroom_media.decode import DECODE_LIMITS, on_clock, opened, upright
from greenroom_media.ranges import closed, lasting, lengthened, without
from greenroom_media.recording import Recording
from greenroom_media.run import Limits, Running, running
from greenroom_media.side import SidePipe
from greenroom_media.stillness import Stillness

_LOUDNESS = "lavfi.r128.I"
_SILENT_DBFS = -120.0


@dataclass(frozen=True)
class Sensitivity:
    """When something counts. Durations are seconds; shorter stretches are not reported.

    `fps`, `width`: pictures looked at in a second, and the px to which they are reduced. `black_luma`: a
    pixel is black below this share of the luma range. `black_area`: share of black pixels in a black
    picture. `frozen_difference`, `flicker_s`: see `Stillness`. `silence_dbfs`: below it all channels are
    silent. `clip_level`: amplitude (1 = full scale); `clip_share`: share of a second's samples at or above
    it that makes the second clipped.
    """

    fps: float = 10.0
    width: int = 160
    black_luma: float = 0.10
    black_area: float = 0.98
    black_s: float = 0.5
    frozen_difference: float = 0.0005
    flicker_s: float = 0.5
    frozen_s: float = 2.0
    silence_dbfs: float = -50.0
    silence_s: float = 2.0
    clip_level: float = 0.9
    clip_share: float = 0.01


@dataclass(frozen=True)
class Detected:
    """What was found, in seconds from the recording's start; None where there is no picture or sound.

    A black picture is not also frozen. A stretch that lasts to the end is closed there; where one stream
    ends earlier than the other, the rest counts as frozen or silent. `loudness_lufs`: integrated loudness
    (EBU R 128; silence reads -70). `peak_dbfs`: the largest sample, 0 is full scale and lossy codecs
    overshoot it; -120 for none.
    """

    black: tuple[TimeRange, ...] | None
    frozen: tuple[TimeRange, ...] | None
    silent: tuple[TimeRange, ...] | None
    clipped: tuple[TimeRange, ...] | None
    loudness_lufs: float | None
    peak_dbfs: float | None


def detect(
    recording: Path,
    facts: Recording,
    *,
    sensitivity: Sensitivity | None = None,
    threads: int = 1,
    limits: Limits = DECODE_LIMITS,
) -> Detected:
    """Look at and listen to all of `recording`, whose `facts` were probed. Raises as `running` does."""
    search = _Search(facts, sensitivity or Sensitivity())
    node = opened(recording, facts, threads)
    outputs = [*search.picture(node), *search.sound(node)]
    arguments = ["-filter_complex_threads", str(threads), *command.arguments(*outputs)]
    with running(arguments, limits, sides=search.sides) as process:
        search.listen(process)
    return search.result()


class _Search:
    """One pass: the filter graph, what its pipes said, and the ranges made of it."""

    def __init__(self, facts: Recording, sensitivity: Sensitivity) -> None:
        self.sides: list[SidePipe] = []
        self._facts = facts
        self._how = sensitivity
        self._marks: list[tuple[str, float]] = []
        self._loudness: float | None = None
        self._clipping: Clipping | None = None
        self._stillness: Stillness | None = None

    def picture(self, node: Any) -> list[Any]:
        if self._facts.video is None:
            return []
        how = self._how
        self._stillness = Stillness(how.fps, how.frozen_difference, how.flicker_s)
        pictures, (columns, rows) = upright(node["V:0"], self._facts.video, how.fps, how.width)
        watched = self._printed(
            pictures.filter("format", "yuv420p").filter(
                "blackdetect", d=how.black_s, pix_th=how.black_luma, pic_th=how.black_area
            ),
            "metadata",
        )
        take, size = self._stillness.take, columns * rows * 3 // 2
        return [
            watched.output(self._side(lambda stream: _in_blocks(stream, size, take)), f="rawvideo")
        ]

    def sound(self, node: Any) -> list[Any]:
        audio = self._facts.audio
        if audio is None:
            return []
        how = self._how
        channels = 1 if audio.channels == "mono" else 2
        self._clipping = Clipping(audio.sample_rate, channels, how.clip_level, how.clip_share)
        both = on_clock(node["a:0"], audio.sample_rate).filter_multi_output("asplit", 2)
        samples, heard = both.stream(0), both.stream(1)
        silence = heard.filter("silencedetect", n=f"{how.silence_dbfs}dB", d=how.silence_s)
        loudness = self._printed(silence, "ametadata").filter("ebur128", metadata=1)
        layout = "mono" if channels == 1 else "stereo"
        return [
            samples.filter("aformat", sample_fmts="flt", channel_layouts=layout).output(
                command.STDOUT, f="f32le"
            ),
            self._printed(loudness, "ametadata", key=_LOUDNESS).output("-", f="null"),
        ]

    def listen(self, process: Running) -> None:
        if self._clipping is not None:
            for block in process.blocks(self._clipping.block_bytes):
                self._clipping.take(block)

    def result(self) -> Detected:
        black = frozen = silent = clipped = peak = None
        end = self._facts.duration_s
        if (video := self._facts.video) is not None:
            black = self._between(
                "lavfi.black_start", "lavfi.black_end", video.end_s, self._how.black_s
            )
        if video is not None and self._stillness is not None:
            frozen = self._stillness.ranges(self._how.frozen_s, video.end_s)
            frozen = lengthened(frozen, video.end_s, end, self._how.frozen_s)
            frozen = lasting(without(frozen, black or ()), self._how.frozen_s)
        if (audio := self._facts.audio) is not None and self._clipping is not None:
            silent = self._between(
                "lavfi.silence_start", "lavfi.silence_end", audio.end_s, self._how.silence_s
            )
            silent = lengthened(silent, audio.end_s, end, self._how.silence_s)
            clipped = self._clipping.ranges()
            loudest = self._clipping.peak
            peak = round(20 * math.log10(loudest), 2) if loudest > 0 else _SILENT_DBFS
        return Detected(black, frozen, silent, clipped, self._loudness, peak)

    def _printed(self, node: Any, name: str, **options: Any) -> Any:
        """`node` with its metadata printed into a pipe of its own: writers must not share one."""
        return node.filter(name, mode="print", file=self._side(self._take_lines), **options)

    def _side(self, consume: Callable[[IO[bytes]], None]) -> str:
        side = SidePipe(consume)
        self.sides.append(side)
        return side.url

    def _take_lines(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._take(line.decode("ascii", "replace").strip())

    def _take(self, line: str) -> None:
        key, equals, value = line.partition("=")
        if not equals or not key.startswith("lavfi."):
            return
        try:
            number = float(value)
        except ValueError:
            return
        if key == _LOUDNESS:
            self._loudness = number if math.isfinite(number) else self._loudness
        elif math.isfinite(number):
            self._marks.append((key, number))

    def _between(self, start: str, stop: str, end: float, at_least: float) -> tuple[TimeRange, ...]:
        marks: Sequence[tuple[bool, float]] = [
            (key == start, at) for key, at in self._marks if key in {start, stop}
        ]
        return lasting(closed(marks, end), at_least)


def _in_blocks(stream: IO[bytes], size: int, take: Callable[[bytes], None]) -> None:
    while len(block := stream.read(size)) == size:
        take(block)
