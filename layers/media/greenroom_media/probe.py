"""Measures a recording by demuxing it: codecs, picture size, real duration, frame rate, gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from greenroom_media import command
from greenroom_media.errors import MediaRefused, Refusal
from greenroom_media.log import Log
from greenroom_media.packets import Listing
from greenroom_media.recording import Recording
from greenroom_media.rules import Rules
from greenroom_media.run import Limits, running
from greenroom_media.sniff import HEAD_BYTES, Kind, accepted

PROBE_LIMITS = Limits(wall_s=300, cpu_s=120, memory_bytes=1024 * 2**20)


def probe(
    recording: Path,
    *,
    need_video: bool = True,
    rules: Rules | None = None,
    limits: Limits = PROBE_LIMITS,
) -> Recording:
    """The facts about the file `recording`.

    Raises `MediaRefused` for anything that is not a recording we accept (see `Refusal`), with
    `need_video` also for one without a picture; `MediaTimeout`, `MediaLimit`, `MediaFailed`.
    """
    rules = rules or Rules()
    return _measure(recording, None, kind_of(recording), need_video, rules, limits)


def probe_bytes(
    blocks: Iterable[bytes],
    kind: Kind,
    *,
    need_video: bool = True,
    rules: Rules | None = None,
    limits: Limits = PROBE_LIMITS,
) -> Recording:
    """`probe` for bytes that come in `blocks`, of a `kind` that can be read without seeking (Matroska)."""
    return _measure(None, blocks, kind, need_video, rules or Rules(), limits)


def kind_of(recording: Path) -> Kind:
    """The container of a file by its first bytes. Raises `MediaRefused` for one we do not accept."""
    with recording.open("rb") as file:
        return accepted(file.read(HEAD_BYTES))


def check_picture(listing: Listing, log: Log, rules: Rules, *, need_video: bool) -> None:
    """Raise `MediaRefused` where a header claims too large a picture, or a needed picture is missing.

    ffmpeg repairs a lying container header from the first frame, so only its log tells of the lie.
    """
    if log.refused_size is not None:
        rules.check_size(*log.refused_size)
    if need_video and listing.first("video") is None:
        raise MediaRefused(Refusal.NO_VIDEO, "the recording has no picture")


def _measure(
    recording: Path | None,
    blocks: Iterable[bytes] | None,
    kind: Kind,
    need_video: bool,
    rules: Rules,
    limits: Limits,
) -> Recording:
    listing = Listing(rules)
    packets = command.listing(command.source(recording, kind, rules, copyts=None))
    with running(command.arguments(packets), limits, stdin=blocks) as process:
        listing.feed(process.blocks())
    check_picture(listing, process.log, rules, need_video=need_video)
    kinds = process.log.kinds
    order = tuple(kinds[number].lower() for number in sorted(kinds))
    return replace(listing.recording(kind.value, process.log.rotation), order=order)
