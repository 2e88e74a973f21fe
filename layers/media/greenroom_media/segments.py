"""Segments: what one start of a recorder produced, and which of them can become one file by copying."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenroom_media.recording import Recording
from greenroom_media.sniff import Kind

Source = Path | Callable[[], Iterable[bytes]]
"""A file, or a function that gives the bytes from the start each time it is called.

The bytes may be asked for in another thread than the caller's.
"""

_SELF_DESCRIBING_AUDIO = frozenset({"opus", "mp3"})


@dataclass(frozen=True)
class Segment:
    """The bytes of one recorder start, parts already in order; `name` is for reports only."""

    name: str
    source: Source

    def blocks(self, size: int = 2**20) -> Iterator[bytes]:
        """The bytes from the start, in blocks that are never empty; `size` applies to files."""
        if isinstance(self.source, Path):
            with self.source.open("rb") as file:
                while block := file.read(size):
                    yield block
        else:
            yield from (block for block in self.source() if block)


@dataclass(frozen=True)
class LeftOut:
    """A segment that is not in the joined file, and why: `code` as in `Refusal` and the other errors."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True)
class Measured:
    """A segment on disk with its facts."""

    name: str
    path: Path
    kind: Kind
    facts: Recording


def peek(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes (fewer if there are no more) and all blocks again from the start."""
    seen: list[bytes] = []
    total = 0
    for block in blocks:
        seen.append(block)
        total += len(block)
        if total >= size:
            break
    return b"".join(seen)[:size], itertools.chain(seen, blocks)


def joinable(segments: Sequence[Measured]) -> list[Measured]:
    """The segments that fit together by copying and last longest together, in their order.

    The picture's size may change between them: VP8, VP9 and AV1 carry it in each key frame, H.264 and HEVC
    in parameter sets that ffmpeg repeats before key frames. Codecs and the sound's format may not.
    """
    lasting: dict[tuple[object, ...], float] = {}
    for segment in segments:
        fit = _fit(segment.facts)
        lasting[fit] = lasting.get(fit, 0.0) + segment.facts.duration_s
    longest = max(lasting, key=lambda fit: lasting[fit])
    return [segment for segment in segments if _fit(segment.facts) == longest]


def container_for(facts: Recording) -> Kind:
    """The container in which browsers play these codecs; Matroska, which holds any, for the rest."""
    video = facts.video.codec if facts.video else None
    audio = facts.audio.codec if facts.audio else None
    if video in {None, "vp8", "vp9", "av1"} and audio in {None, "opus", "vorbis"}:
        return Kind.WEBM
    if video in {None, "h264", "hevc"} and audio in {None, "aac", "mp3", "opus"}:
        return Kind.MP4
    return Kind.MATROSKA


def _fit(facts: Recording) -> tuple[object, ...]:
    video, audio = facts.video, facts.audio
    if audio is None:
        return (video and video.codec, None)
    setup = "" if audio.codec in _SELF_DESCRIBING_AUDIO else audio.setup
    return (video and video.codec, audio.codec, audio.sample_rate, audio.channels, setup)
