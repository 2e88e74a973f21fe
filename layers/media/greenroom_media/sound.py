"""Listens to a recording's sound as it is decoded: silence, clipping, loudness, noise."""

from __future__ import annotations

import math
from typing import IO, Any

import numpy as np

from greenroom.domain.quality import TimeRange
from greenroom_media.clipping import Clipping
from greenroom_media.decode import on_clock
from greenroom_media.noise import Noise, Snr
from greenroom_media.ranges import closed, lasting, lengthened
from greenroom_media.recording import AudioFacts
from greenroom_media.side import SidePipe

SAMPLE_RATE = 48_000
"""Hz. What browsers record; other rates are brought to it."""
SILENT_DBFS = -120.0
_LOUDNESS = b"lavfi.r128.I="
_BLOCKS_A_SECOND = 20


class Sound:
    """The outputs that ffmpeg shall make of a sound stream, and what is heard in them.

    `silence_dbfs`: below it all channels are silent; `clip_level`, `clip_share`: see `Clipping`.
    """

    def __init__(
        self,
        facts: AudioFacts,
        duration_s: float,
        silence_dbfs: float,
        clip_level: float,
        clip_share: float,
    ) -> None:
        self._facts = facts
        self._duration_s = duration_s
        self._channels = 1 if facts.channels == "mono" else 2
        self._quiet = 10 ** (silence_dbfs / 20)
        self._clipping = Clipping(SAMPLE_RATE, self._channels, clip_level, clip_share)
        self._noise = Noise(duration_s)
        self._rest = np.empty(0, np.float32)
        self._marks: list[tuple[bool, float]] = []
        self._silent = False
        self._blocks = 0
        self._loudness: float | None = None
        self.sides = (SidePipe(self._listen), SidePipe(self._read_loudness))

    def outputs(self, node: Any) -> list[Any]:
        """Output nodes on an input `node`: samples and loudness, each into one of `sides`."""
        samples, loudness = self.sides
        both = on_clock(node["a:0"], SAMPLE_RATE).filter_multi_output("asplit", 2)
        layout = "mono" if self._channels == 1 else "stereo"
        return [
            both.stream(0)
            .filter("aformat", sample_fmts="flt", channel_layouts=layout)
            .output(samples.url, f="f32le"),
            both.stream(1)
            .filter("ebur128", metadata=1)
            .filter("ametadata", mode="print", key="lavfi.r128.I", file=loudness.url)
            .output("-", f="null"),
        ]

    def silent(self, at_least_s: float) -> tuple[TimeRange, ...]:
        """Where all channels are silent, to the end of the recording where the sound ends earlier."""
        end_s = self._facts.end_s
        found = lasting(closed(self._marks, end_s), at_least_s)
        return lengthened(found, end_s, self._duration_s, at_least_s)

    def clipped(self) -> tuple[TimeRange, ...]:
        return self._clipping.ranges()

    @property
    def peak_dbfs(self) -> float:
        loudest = self._clipping.peak
        return round(20 * math.log10(loudest), 2) if loudest > 0 else SILENT_DBFS

    @property
    def loudness_lufs(self) -> float | None:
        """Integrated loudness (EBU R 128), None for less than its first block of 0.4 s."""
        return self._loudness

    def snr(self) -> Snr:
        return self._noise.ratio()

    def _listen(self, stream: IO[bytes]) -> None:
        while second := stream.read(self._clipping.block_bytes):
            self._clipping.take(second)
            samples = np.frombuffer(second, "<f4").reshape(-1, self._channels)
            self._hear_silence(samples)
            mono = samples[:, 0] if self._channels == 1 else samples.mean(1)
            self._rest = np.concatenate((self._rest, mono))
            while self._rest.size >= self._noise.block:
                self._noise.take(self._rest[: self._noise.block])
                self._rest = self._rest[self._noise.block :]
        self._noise.take(self._rest)

    def _hear_silence(self, samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        size = SAMPLE_RATE // _BLOCKS_A_SECOND
        loudest = np.maximum.reduceat(np.abs(samples).max(axis=1), range(0, len(samples), size))
        for quiet in (loudest < self._quiet).tolist():
            if quiet != self._silent:
                self._silent = quiet
                self._marks.append((quiet, self._blocks / _BLOCKS_A_SECOND))
            self._blocks += 1

    def _read_loudness(self, stream: IO[bytes]) -> None:
        for line in stream:
            if line.startswith(_LOUDNESS):
                value = float(line.partition(b"=")[2])
                self._loudness = value if math.isfinite(value) else self._loudness
