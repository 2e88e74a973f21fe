"""Builds ffmpeg command lines with ffmpeg-python, so that no input is ever opened without its guards.

Every input has a fixed demuxer (ffmpeg never guesses what a file is), may open only local files and
pipes, and has its picture size bounded before a decoder allocates anything.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import ffmpeg

from greenroom_media.rules import Rules
from greenroom_media.sniff import Kind

STDIN = "pipe:0"
STDOUT = "pipe:1"

FIRST_PICTURE = "V:0?"
"""ffmpeg's selector for the first picture stream that is no cover image, if there is one."""
FIRST_SOUND = "a:0?"


def source(recording: Path | None, kind: Kind, rules: Rules, **options: Any) -> Any:
    """An input node: `recording`, or standard input when it is None. `options` go before ``-i``."""
    return ffmpeg.input(
        STDIN if recording is None else url(recording),
        f=kind.demuxer,
        protocol_whitelist="pipe" if recording is None else "file",
        max_pixels=rules.max_pixels,
        **options,
    )


def concat_source(script: Path, kinds: Collection[Kind], rules: Rules) -> Any:
    """An input node over the files that `script`, written by us, names; they may be of `kinds` only."""
    inner = sorted({demuxer for kind in kinds if (demuxer := kind.demuxer) is not None})
    return ffmpeg.input(
        url(script),
        f="concat",
        format_whitelist=",".join(["concat", *inner]),
        protocol_whitelist="file",
        max_pixels=rules.max_pixels,
    )


def url(path: Path) -> str:
    """`path` as ffmpeg must take it: a local file, whatever its name looks like."""
    return f"file:{path}"


def arguments(*outputs: Any) -> list[str]:
    """What follows the program's name for one or several output nodes."""
    node = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    return [str(word) for word in node.compile(overwrite_output=True)[1:]]


def listing(node: Any) -> Any:
    """An output node: the packets of the first picture and sound of `node`, as framecrc on stdout."""
    return ffmpeg.output(
        node[FIRST_PICTURE], node[FIRST_SOUND], STDOUT, c="copy", f="framecrc", flush_packets=0
    )
