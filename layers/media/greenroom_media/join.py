"""Joins a recorder's segments into one seekable file by copying packets: nothing is decoded or encoded.

One Matroska or WebM segment flows through ffmpeg's standard input, so its bytes touch the disk once, as
the finished file. An MP4 may keep its index at the end and several segments need the concat demuxer:
those are written beside the result first, and measured. The concat demuxer goes by the streams' numbers, and a
browser numbers them by which of picture and sound came first: a segment in another order is put in order.

The same bytes in give the same bytes out, and the packets are listed in the pass that copies them.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ffmpeg

from greenroom.domain.errors import GreenroomError
from greenroom_media import command
from greenroom_media.errors import MediaRefused, Refusal
from greenroom_media.packets import Listing
from greenroom_media.probe import check_picture, kind_of, probe, probe_bytes
from greenroom_media.recording import Recording
from greenroom_media.rules import Rules
from greenroom_media.run import Limits, running
from greenroom_media.segments import (
    LeftOut,
    Measured,
    Segment,
    container_for,
    joinable,
    peek,
)
from greenroom_media.sniff import Kind, accepted

JOIN_LIMITS = Limits(wall_s=1800, cpu_s=900, memory_bytes=1024 * 2**20)
_HEAD_BYTES = 2**20
"""Enough of a live recording to name its codecs: the header and the first seconds."""

_ORDERS = (("video", "audio"), ("video",), ("audio",))

_MUXERS: dict[Kind, dict[str, Any]] = {
    Kind.WEBM: {"f": "webm", "cues_to_front": 1},
    Kind.MATROSKA: {"f": "matroska", "cues_to_front": 1},
    Kind.MP4: {"f": "mp4", "movflags": "+faststart"},
}


@dataclass(frozen=True)
class Joined:
    """The joined file, its facts, and the segments that are not in it."""

    path: Path
    recording: Recording
    left_out: tuple[LeftOut, ...]


def join(
    segments: Sequence[Segment],
    folder: Path,
    *,
    stem: str = "recording",
    need_video: bool = True,
    rules: Rules | None = None,
    limits: Limits = JOIN_LIMITS,
) -> Joined:
    """Write `folder/stem` with the ending of its container (.webm, .mp4, .mkv), replacing what is there.

    What is damaged is saved as far as it can be read: a truncated end is cut, a hole stays a hole. Segments
    that cannot be read or do not fit the others are left out and named. Where nothing can be joined, the
    first segment's own error is raised: `MediaRefused`, `MediaLimit`. `MediaTimeout`, `MediaFailed`,
    `DiskFull` and errors of a segment's source are raised whichever segment meets them.
    """
    if not segments:
        raise MediaRefused(Refusal.EMPTY, "there are no segments to join")
    work = _Work(folder, stem, need_video, rules or Rules(), limits)
    if len(segments) == 1:
        head, blocks = peek(segments[0].blocks(), _HEAD_BYTES)
        kind = accepted(head)
        if kind.demuxer == "matroska":
            return work.stream(segments[0], head, blocks, kind)
        return work.join_files([replace(segments[0], source=lambda: blocks)])
    return work.join_files(segments)


@dataclass(frozen=True)
class _Work:
    folder: Path
    stem: str
    need_video: bool
    rules: Rules
    limits: Limits

    def stream(self, segment: Segment, head: bytes, blocks: Iterable[bytes], kind: Kind) -> Joined:
        """One segment through standard input."""
        start = probe_bytes([head], kind, need_video=self.need_video, rules=self.rules)
        return self._copy(command.source(None, kind, self.rules), start, blocks, ())

    def join_files(self, segments: Sequence[Segment]) -> Joined:
        """All segments through files of ours."""
        with tempfile.TemporaryDirectory(prefix=f"{self.stem}-", dir=self.folder) as room:
            measured, left_out, first_error = [], [], None
            for number, segment in enumerate(segments):
                try:
                    measured.append(self._measure(segment, Path(room) / f"segment-{number:04d}"))
                except GreenroomError as error:
                    if not error.permanent:
                        raise
                    first_error = first_error or error
                    left_out.append(LeftOut(segment.name, error.code, error.detail))
            if not measured:
                raise first_error or MediaRefused(Refusal.EMPTY, "there are no segments to join")
            chosen = joinable(measured)
            left_out += [_does_not_fit(other) for other in measured if other not in chosen]
            node = self._files(chosen, Path(room))
            return self._copy(node, chosen[0].facts, None, _sorted(left_out, segments))

    def _measure(self, segment: Segment, path: Path) -> Measured:
        if isinstance(segment.source, Path):
            kind = kind_of(segment.source)
            path = path.with_suffix(kind.suffix)
            path.symlink_to(segment.source.resolve())
        else:
            head, blocks = peek(segment.blocks(), _HEAD_BYTES)
            kind = accepted(head)
            path = path.with_suffix(kind.suffix)
            with path.open("wb") as file:
                file.writelines(blocks)
        facts = probe(path, need_video=self.need_video, rules=self.rules)
        return Measured(segment.name, path, kind, facts)

    def _files(self, chosen: Sequence[Measured], room: Path) -> Any:
        """An input node over the chosen files; the concat script holds only names that we made."""
        if len(chosen) == 1:
            return command.source(chosen[0].path, chosen[0].kind, self.rules)
        chosen = [self._in_order(segment) for segment in chosen]
        script = room / "segments.ffconcat"
        lines = ["ffconcat version 1.0"]
        for segment in chosen:
            # The measured length: a header that claims more would open a hole before the next segment.
            lines += [f"file '{segment.path.name}'", f"duration {segment.facts.duration_s:.6f}"]
        script.write_text("\n".join(lines) + "\n", encoding="ascii")
        return command.concat_source(script, {segment.kind for segment in chosen}, self.rules)

    def _in_order(self, segment: Measured) -> Measured:
        """The segment with its picture first and its sound second, as all that are joined must have them."""
        if segment.facts.order in _ORDERS:
            return segment
        kind = segment.kind if segment.kind in _MUXERS else Kind.MATROSKA
        path = segment.path.with_name(f"{segment.path.stem}-in-order{kind.suffix}")
        node = command.source(segment.path, segment.kind, self.rules)
        output = self._output(node, segment.facts, kind, path)
        with running(command.arguments(output), self.limits):
            pass
        return replace(segment, path=path, kind=kind)

    def _copy(
        self,
        node: Any,
        known: Recording,
        blocks: Iterable[bytes] | None,
        left_out: tuple[LeftOut, ...],
    ) -> Joined:
        """Copy and list in one pass. The file gets its name only when it is whole."""
        container = container_for(known)
        path = self.folder / f"{self.stem}{container.suffix}"
        with _unfinished(path) as part:
            listing = Listing(self.rules)
            arguments = command.arguments(
                self._output(node, known, container, part), command.listing(node)
            )
            with running(arguments, self.limits, stdin=blocks) as process:
                listing.feed(process.blocks())
            check_picture(listing, process.log, self.rules, need_video=self.need_video)
            facts = listing.recording(container.value, process.log.rotation)
        return Joined(path, facts, left_out)

    def _output(self, node: Any, known: Recording, container: Kind, part: Path) -> Any:
        options = dict(_MUXERS[container])
        if container is Kind.MP4 and known.video is not None and known.video.codec == "hevc":
            options["tag:v"] = "hvc1"  # the tag under which Safari plays HEVC
        return ffmpeg.output(
            node[command.FIRST_PICTURE],
            node[command.FIRST_SOUND],
            command.url(part),
            c="copy",
            map_metadata=-1,  # the sender's tags may hold anything, places and names included
            map_chapters=-1,
            fflags="+bitexact",  # no random identifiers, no dates: the same bytes each time
            **options,
        )


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A name to write under; it becomes `path` at the end, or is removed when something is raised."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _does_not_fit(segment: Measured) -> LeftOut:
    video, audio = segment.facts.video, segment.facts.audio
    codecs = " + ".join(stream.codec for stream in (video, audio) if stream is not None)
    sound = f", {audio.sample_rate} Hz {audio.channels}" if audio is not None else ", no sound"
    return LeftOut(
        segment.name,
        Refusal.NOT_JOINABLE.value,
        f"{codecs}{sound}: cannot follow the other segments without encoding again",
    )


def _sorted(left_out: Sequence[LeftOut], segments: Sequence[Segment]) -> tuple[LeftOut, ...]:
    names = [segment.name for segment in segments]
    return tuple(sorted(left_out, key=lambda out: names.index(out.name)))
