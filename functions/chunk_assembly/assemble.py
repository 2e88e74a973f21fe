"""Turns a sealed manifest into recordings and assembly.json; the same manifest always gives the same bytes."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from functions.chunk_assembly.holes import MAX_FILL_BYTES
from functions.chunk_assembly.stored import stored_parts
from functions.chunk_assembly.track import assemble_track, not_in_manifest
from greenroom.domain.assembly import AssembledTrack, Assembly
from greenroom.domain.errors import Invalid, NotFound, TooLarge
from greenroom.domain.events import EventType
from greenroom.domain.interview import AnswerState
from greenroom.domain.keys import AttemptRef, invalid_key
from greenroom.domain.manifest import Manifest, TrackManifest
from greenroom.domain.template import TrackName
from greenroom.runtime.sealing import seal
from greenroom.runtime.workroom import workroom

if TYPE_CHECKING:
    from functions.chunk_assembly.settings import Settings
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function

MAX_MANIFEST_BYTES = 16 * 2**20


def assemble_manifest(key: str, app: Function[Settings]) -> None:
    """Assemble the attempt whose manifest was written to `key`. Raises what `assemble` raises, `Invalid`."""
    ref = AttemptRef.of(key)
    if key != ref.manifest:  # an upload may end with the same name, deeper down
        raise invalid_key(key)
    assemble(ref, app)


def assemble(ref: AttemptRef, app: Function[Settings]) -> None:
    """Assemble one attempt, or only record it where an earlier run was killed after writing assembly.json.

    Raises `Invalid` (`invalid_document`), `Conflict` (`manifest_differs`), `NotFound` (`unknown_attempt`,
    `no_such_object`), `TooLarge` (`manifest_too_large`), `Unavailable` (store, database, `disk_full`).
    """
    body = app.store.read(ref.manifest, at_most=MAX_MANIFEST_BYTES + 1)
    if len(body) > MAX_MANIFEST_BYTES:
        raise TooLarge(f"a manifest above {MAX_MANIFEST_BYTES} bytes", code="manifest_too_large")
    digest = hashlib.sha256(body).hexdigest()
    manifest = Manifest.stored(body)
    tracks = _seal(ref, digest, app)
    assembly = _finished(ref, digest, app.store)
    if assembly is None:
        assembly = _assembled(ref, manifest, digest, tracks, app)
        app.store.put(ref.assembly, assembly.canonical())
    _record(ref, assembly, app)


def _seal(ref: AttemptRef, digest: str, app: Function[Settings]) -> list[TrackName]:
    """The attempt's tracks. It is sealed here when upload_url was killed between the object and the row."""
    with app.changes() as tx:
        seal(tx, ref, digest)
        return list(tx.interviews.attempt(ref).tracks)


def _finished(ref: AttemptRef, digest: str, store: ObjectStore) -> Assembly | None:
    """What an earlier run made of this very manifest."""
    try:
        assembly = Assembly.stored(store.get(ref.assembly))
    except (NotFound, Invalid):  # Invalid: of another version of ours; it is made again
        return None
    return assembly if assembly.manifest_sha256 == digest else None


def _assembled(
    ref: AttemptRef,
    manifest: Manifest,
    digest: str,
    tracks: list[TrackName],
    app: Function[Settings],
) -> Assembly:
    listed = {track.track: track for track in manifest.tracks}
    return Assembly(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        manifest_sha256=digest,
        tool=_tool(),
        tracks=[
            _track(listed[name], ref, app) if name in listed else not_in_manifest(name)
            for name in tracks
        ],
    )


def _track(track: TrackManifest, ref: AttemptRef, app: Function[Settings]) -> AssembledTrack:
    settings = app.settings.assembly
    stored = stored_parts(track, ref, app.store)
    log = app.logger.bind(answer=ref.answer, attempt=ref.attempt, track=track.track)
    if stored.unlisted:
        log.warning("unlisted_objects", count=stored.unlisted, first=stored.first_unlisted)
    # Twice: segments may have to lie beside the recording made of them.
    needed_bytes = 2 * (stored.bytes + min(stored.lost_bytes, MAX_FILL_BYTES))
    with workroom(settings.folder, needed_bytes=needed_bytes) as folder:
        assembled = assemble_track(track, ref, store=app.store, folder=folder, ahead=settings.ahead)
    log.info(
        "track_assembled",
        status=assembled.status,
        reason=assembled.reason,
        lost_ms=assembled.lost_ms,
        size=assembled.size,
    )
    return assembled


def _record(ref: AttemptRef, assembly: Assembly, app: Function[Settings]) -> None:
    with app.changes() as tx:
        tx.interviews.note_assembly(ref, assembly)
        tx.interviews.move_answer(ref, AnswerState.ASSEMBLED)
        details = {
            "answer": ref.answer,
            "attempt": ref.attempt,
            "lost_ms": assembly.lost_ms,
            "tracks": {track.track: track.status for track in assembly.tracks},
        }
        mark = f"assembled:{ref.answer}:{ref.attempt}"
        tx.process_log.append(ref.interview, EventType.ANSWER_ASSEMBLED, details, once=mark)


@cache
def _tool() -> str:
    """Who made it: this package and the ffmpeg in use, since another one may write other bytes."""
    from greenroom_media.binary import find

    return f"greenroom {version('greenroom-core')}, {find().build}"
