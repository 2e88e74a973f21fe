"""Decodes only some of a recording's pictures, and its sound whole, in one reading of the file.

One ffmpeg demuxes, decodes the sound and hands on the video packets that are wanted, undecoded; a second one
decodes those. Dropping packets before the decoder works alike for every codec (VP9's decoder ignores
`-skip_frame nokey`) and needs no seeking, which a live recording without an index has only in linear time.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from greenroom_media import command
from greenroom_media.decode import opened, sized
from greenroom_media.recording import Recording, VideoFacts
from greenroom_media.rules import Rules
from greenroom_media.run import Limits, running
from greenroom_media.side import SidePipe
from greenroom_media.sniff import Kind

EVERYTHING = "1"
KEY_FRAMES = "key"
_MARK = "at"


@dataclass(frozen=True)
class Picture:
    """The picture shown from `time_s` on: planes Y, U, V below each other (I420), `rows` of them luma."""

    time_s: float
    planes: NDArray[np.uint8]
    rows: int

    @property
    def luma(self) -> NDArray[np.uint8]:
        return self.planes[: self.rows]


def within(spans: Sequence[tuple[int, int]]) -> str:
    """The packets from one number up to before another, as an expression; each span must begin with a key frame.

    Numbers, for ffmpeg 5.1 gives this filter a time base that is not that of its timestamps. `spans` are in
    order; the expression halves them again and again, for a sum of more than a hundred is refused, and each
    packet would be held against all of them.
    """
    joined: list[tuple[int, int]] = []
    for first, end in spans:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return _halved(joined) if joined else "0"


def _halved(spans: Sequence[tuple[int, int]]) -> str:
    if len(spans) == 1:
        first, end = spans[0]
        return f"between(n,{first},{end - 1})"
    middle = len(spans) // 2
    before, after = _halved(spans[:middle]), _halved(spans[middle:])
    return f"if(lt(n,{spans[middle][0]}),{before},{after})"


def pictures(
    recording: Path,
    facts: Recording,
    wanted: str,
    *,
    step_s: float,
    width: int,
    limits: Limits,
    sounds: Sequence[Any] = (),
    sides: Sequence[SidePipe] = (),
) -> Iterator[Picture]:
    """Those of the `wanted` pictures that come at least `step_s` seconds after the one before, upright.

    They are at most `width` px wide. `sounds` are further outputs of the same reading, on the node that
    `opened` gives, and `sides` the pipes they write to. Without a picture the sound alone is read.
    Raises as `running` does.
    """
    node = opened(recording, facts, threads=1)
    outputs = list(sounds)
    if facts.video is not None:
        outputs.append(_packets(node, wanted))
    with ExitStack() as stack:
        reading = stack.enter_context(running(command.arguments(*outputs), limits, sides=sides))
        if facts.video is None:
            return
        times: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        clock = SidePipe(lambda stream: _read_times(stream, times))
        arguments, size = _decoding(facts.video, step_s, width, clock.url)
        columns, rows = size
        decoding = stack.enter_context(
            running(arguments, limits, stdin=reading.blocks(), sides=[clock])
        )
        for block in decoding.blocks(columns * rows * 3 // 2):
            if len(block) < columns * rows * 3 // 2 or (time_s := times.get()) is None:
                return
            planes = np.frombuffer(block, np.uint8).reshape(rows * 3 // 2, columns)
            yield Picture(time_s, planes, rows)


def _packets(node: Any, wanted: str) -> Any:
    return ffmpeg.output(
        node["V:0"],
        command.STDOUT,
        f="matroska",
        **{
            "c:v": "copy",
            "bsf:v": f"noise=drop='not({wanted})'",
            "avoid_negative_ts": "disabled",
            "flush_packets": 0,
        },
    )


def _decoding(
    facts: VideoFacts, step_s: float, width: int, clock: str
) -> tuple[list[str], tuple[int, int]]:
    node = command.source(
        None,
        Kind.MATROSKA,
        Rules(),
        **{"threads": 1, "noautorotate": None, "reinit_filter:v": 0, "copyts": None},
    )
    shown, size = sized(
        node["V:0"].filter("select", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{step_s:g})"),
        facts,
        width,
    )
    timed = (
        shown.filter("format", "yuv420p")
        .filter("metadata", mode="add", key=_MARK, value="1")
        # Unbuffered, so that a picture's time is there before the picture.
        .filter("metadata", mode="print", key=_MARK, direct=1, file=clock)
    )
    output = timed.output(command.STDOUT, f="rawvideo", fps_mode="passthrough")
    return command.arguments(output), size


def _read_times(stream: IO[bytes], times: queue.SimpleQueue[float | None]) -> None:
    """Lines like ``frame:0    pts:21      pts_time:0.021``, each followed by our mark."""
    try:
        for line in stream:
            _, found, time_s = line.partition(b"pts_time:")
            if found:
                times.put(float(time_s))
    finally:
        times.put(None)
