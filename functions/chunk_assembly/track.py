"""Joins one track's segments into its recording, or says why there is none."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from functions.chunk_assembly.losses import gaps_of, widened
from functions.chunk_assembly.parts import SegmentParts
from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.errors import GreenroomError
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import TrackManifest
from greenroom_media.errors import MediaFailed, MediaLimit, MediaRefused
from greenroom_media.join import Joined, join
from greenroom_media.run import Limits
from greenroom_media.segments import Segment as MediaSegment

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore

LIMITS = Limits(wall_s=780, cpu_s=300, memory_bytes=1024 * 2**20)
"""Below the function's 900 s. Copying 30 minutes takes seconds: only media made to hurt comes near the CPU's."""

_CRASHES = {
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGTRAP,
}
_CONTENT_TYPES = {".webm": "video/webm", ".mp4": "video/mp4", ".mkv": "video/x-matroska"}
_MAX_DETAIL = 1000


def assemble_track(
    track: TrackManifest, ref: AttemptRef, *, store: ObjectStore, folder: Path, ahead: int
) -> AssembledTrack:
    """Write the track's recording to the store.

    Media that is refused is an answer, not an error. Errors of the store, of the disk and of a machine too slow
    are raised: the same work can succeed later.
    """
    with ThreadPoolExecutor(ahead, "parts") as pool:
        segments = [
            SegmentParts(segment, track=track.track, ref=ref, store=store, pool=pool)
            for segment in track.segments
        ]
        outcome: Joined | GreenroomError
        try:
            outcome = _join(segments, folder, track.track)
        except (MediaRefused, MediaLimit, MediaFailed) as error:
            if isinstance(error, MediaFailed) and not _crashed(error):
                raise
            outcome = error
        for segment in segments:
            segment.finish()
    if isinstance(outcome, GreenroomError):
        return _refused(track, segments, outcome)
    return _kept(track, segments, outcome, ref, store)


def not_in_manifest(track: str) -> AssembledTrack:
    """A track that the attempt should have and its manifest does not name."""
    return AssembledTrack.model_validate(
        {"track": track, "status": "refused", "reason": "not_in_manifest"}
    )


def _join(segments: Sequence[SegmentParts], folder: Path, stem: str) -> Joined:
    sources = [MediaSegment(str(segment.number), segment.blocks) for segment in segments]
    try:
        return join(sources, folder, stem=stem, limits=LIMITS)
    except MediaFailed as error:
        # A crash may be the machine's fault once; the same bytes crashing twice are the bytes' fault.
        if not _crashed(error):
            raise
        return join(sources, folder, stem=stem, limits=LIMITS)


def _crashed(error: MediaFailed) -> bool:
    return error.fields.get("signal") in _CRASHES


def _refused(
    track: TrackManifest, segments: Sequence[SegmentParts], error: GreenroomError
) -> AssembledTrack:
    everything = {segment.number for segment in segments}
    return AssembledTrack(
        track=track.track,
        status="refused",
        reason=error.code,
        detail=error.detail[:_MAX_DETAIL],
        gaps=gaps_of(track, {part.number: part.fates for part in segments}, everything),
    )


def _kept(
    track: TrackManifest,
    segments: Sequence[SegmentParts],
    joined: Joined,
    ref: AttemptRef,
    store: ObjectStore,
) -> AssembledTrack:
    left_out = {int(segment.name) for segment in joined.left_out}
    gaps = gaps_of(track, {segment.number: segment.fates for segment in segments}, left_out)
    if len(segments) == 1 and joined.recording.audio is not None:
        # Only one segment's clock runs through; only sound never stands still without a loss.
        zero_ms = track.segments[0].parts[0].start_ms
        gaps = widened(gaps, joined.recording.audio.gaps, zero_ms)
    used = [segment for segment in segments if segment.number not in left_out]
    key = ref.recording(track.track, joined.path.suffix.removeprefix("."))
    facts = joined.recording
    # Both read the file; neither needs the other.
    with ThreadPoolExecutor(1, "digest") as pool:
        digest = pool.submit(_sha256, joined.path)
        store.put_file(key, joined.path, _CONTENT_TYPES[joined.path.suffix])
        sha256 = digest.result()
    size = joined.path.stat().st_size
    joined.path.unlink()
    return AssembledTrack(
        track=track.track,
        status="complete" if all(gap.interrupts for gap in gaps) else "gaps",
        detail=_why(joined),
        recording=key,
        size=size,
        sha256=sha256,
        duration_s=facts.duration_s,
        container=facts.container,
        video_codec=facts.video.codec if facts.video else None,
        audio_codec=facts.audio.codec if facts.audio else None,
        segments=len(used),
        parts=sum(fate == "verified" for segment in used for fate in segment.fates.values()),
        gaps=gaps,
    )


def _why(joined: Joined) -> str | None:
    """Why segments were left out, in one line."""
    reasons = [f"segment {out.name}: {out.code}: {out.detail}" for out in joined.left_out]
    return "; ".join(reasons)[:_MAX_DETAIL] or None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
