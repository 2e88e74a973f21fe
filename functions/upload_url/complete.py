"""Sealing an attempt: the client's manifest is held against the store, written, and recorded.

The object comes first, the row second. A kill in between leaves a manifest that nobody sealed: the client's
retry seals it, and so does chunk_assembly, which the object has already called. The row decides between
two clients with different manifests; the one that wins makes sure that the object is its own.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from functions.upload_url.admission import attempt_in, check_open, check_take
from greenroom.domain.errors import Conflict, Invalid, NotFound, TooLarge
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import MAX_PARTS, Manifest
from greenroom.runtime.http import Request, Response
from greenroom.runtime.sealing import seal

if TYPE_CHECKING:
    from functions.upload_url.settings import Settings
    from greenroom.adapters.database import AttemptRow
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function

MAX_LISTED = 4 * MAX_PARTS
"""Objects looked at below one track. A client writes no more than its parts; a flood is not worth listing."""

SHOWN_PARTS = 1000


def complete_attempt(request: Request, app: Function[Settings]) -> Response:
    """``POST …/attempts/{attempt}/complete``: 202 with the manifest's digest; the same manifest again, the same 202.

    Parts that were never uploaded, or with another size, are refused by name (`Invalid`, `parts_missing`),
    so that a client which still has the bytes can send them. With ``?accept_gaps=true`` the attempt is
    sealed without them, and the gaps are named in assembly.json. Raises `Invalid` (`invalid_document`,
    `tracks_differ`), `TooLarge` (`too_many_parts`, `attempt_too_large`, `too_many_objects`), `Conflict`
    (`manifest_differs`), what `check_open` and `check_take` raise, `NotFound` (`unknown_attempt`).
    """
    ref = attempt_in(request)
    manifest = request.document(Manifest)
    body = manifest.canonical()
    digest = hashlib.sha256(body).hexdigest()
    with app.database.begin() as tx:
        attempt = tx.interviews.attempt(ref)
        if attempt.state == "recording":
            interview = tx.interviews.get(ref.interview)
            check_open(tx, interview)
            # Several attempts may have been started while takes were left; only so many are sealed.
            check_take(interview, tx.interviews.answer(ref.interview, ref.answer))
    if attempt.state == "recording":
        accept_gaps = request.query.get("accept_gaps") == "true"
        _check_tracks(manifest, attempt, accept_gaps=accept_gaps)
        _check_size(manifest, app.settings.uploads.max_bytes)
        if not accept_gaps:
            _check_uploaded(manifest, ref, app.store)
        app.store.put(ref.manifest, body)
    elif attempt.manifest_sha256 != digest:
        raise Conflict("this attempt was sealed with another manifest", code="manifest_differs")
    with app.changes() as tx:
        seal(tx, ref, digest)
    _make_sure(ref, body, app.store)
    return Response.json({"attempt": ref.attempt, "manifest_sha256": digest}, 202)


def _check_tracks(manifest: Manifest, attempt: AttemptRow, *, accept_gaps: bool) -> None:
    listed, wanted = {track.track for track in manifest.tracks}, set(attempt.tracks)
    if listed - wanted or (listed != wanted and not accept_gaps):
        raise Invalid(
            f"the attempt records {', '.join(sorted(wanted))}; "
            f"the manifest lists {', '.join(sorted(listed))}",
            code="tracks_differ",
            tracks=sorted(wanted),
        )


def _check_size(manifest: Manifest, max_bytes: int) -> None:
    sizes = [
        part.size
        for track in manifest.tracks
        for segment in track.segments
        for part in segment.parts
    ]
    if len(sizes) > MAX_PARTS:
        raise TooLarge(f"{len(sizes)} parts; at most {MAX_PARTS}", code="too_many_parts")
    if sum(sizes) > max_bytes:
        raise TooLarge(f"{sum(sizes)} bytes; at most {max_bytes}", code="attempt_too_large")


def _check_uploaded(manifest: Manifest, ref: AttemptRef, store: ObjectStore) -> None:
    missing: list[dict[str, Any]] = []
    for track in manifest.tracks:
        stored = _sizes(store, ref.track_prefix(track.track))
        for segment in track.segments:
            for part in segment.parts:
                size = stored.get(ref.part(track.track, segment.segment, part.part))
                if size != part.size:
                    missing.append(
                        {
                            "track": track.track,
                            "segment": segment.segment,
                            "part": part.part,
                            "size": part.size,
                            "stored_size": size,
                        }
                    )
    if missing:
        raise Invalid(
            f"{len(missing)} parts are not in the store as the manifest names them: upload them, "
            "or say accept_gaps=true",
            code="parts_missing",
            count=len(missing),
            parts=missing[:SHOWN_PARTS],
        )


def _sizes(store: ObjectStore, prefix: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for found in store.listing(prefix):
        if len(sizes) >= MAX_LISTED:
            raise TooLarge(f"more than {MAX_LISTED} objects", code="too_many_objects")
        sizes[found.key] = found.size
    return sizes


def _make_sure(ref: AttemptRef, body: bytes, store: ObjectStore) -> None:
    """Leave the sealed manifest in the store, whatever a client with another one wrote meanwhile."""
    try:
        stored = store.get(ref.manifest)
    except NotFound:
        stored = b""
    if stored != body:
        store.put(ref.manifest, body)
