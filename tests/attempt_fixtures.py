"""An attempt as a candidate's client uploads it, and a store in memory to upload it to."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from greenroom.adapters.object_store import ObjectInfo, ObjectStore
from greenroom.domain.errors import NotFound
from greenroom.domain.ids import derived_id
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Part, Segment, TrackManifest

REF = AttemptRef(derived_id("itv", "test"), "introduction", 1)
PART_MS = 500


class MemoryStore:
    """The object store's reads and writes over a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        self.objects[key] = body

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        self.objects[key] = path.read_bytes()

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise NotFound(f"no object {key}", code="no_such_object", key=key)
        return self.objects[key]

    def read(self, key: str, *, at_most: int) -> bytes:
        return self.get(key)[:at_most]

    def listing(self, prefix: str) -> Iterator[ObjectInfo]:
        for key in sorted(self.objects):
            if key.startswith(prefix):
                etag = hashlib.md5(self.objects[key]).hexdigest()
                yield ObjectInfo(key, len(self.objects[key]), etag, datetime.now(UTC))


def cut(body: bytes, count: int) -> list[bytes]:
    """`body` in `count` pieces of about the same size."""
    edges = [len(body) * index // count for index in range(count + 1)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


def segment_of(pieces: Sequence[bytes], *, number: int = 0, start_ms: int = 0) -> Segment:
    """What a client lists for `pieces`, `PART_MS` each."""
    return Segment(
        segment=number,
        mime_type="video/webm",
        parts=[
            Part(
                part=index,
                size=len(piece),
                sha256=hashlib.sha256(piece).hexdigest(),
                start_ms=start_ms + PART_MS * index,
                end_ms=start_ms + PART_MS * (index + 1),
            )
            for index, piece in enumerate(pieces)
        ],
    )


def upload(
    store: MemoryStore | ObjectStore,
    segments: Sequence[Sequence[bytes]],
    *,
    track: str = "camera",
    pause_ms: int = 0,
    ref: AttemptRef = REF,
) -> TrackManifest:
    """Put every piece of every segment into the store; the manifest that lists them all."""
    listed, start_ms = [], 0
    for number, pieces in enumerate(segments):
        for index, piece in enumerate(pieces):
            store.put(ref.part(track, number, index), piece)
        listed.append(segment_of(pieces, number=number, start_ms=start_ms))
        start_ms += PART_MS * len(pieces) + pause_ms
    return TrackManifest(track=track, segments=listed)


def post_part(upload: dict[str, Any], key: str, body: bytes, mime_type: str = "video/webm") -> int:
    """One part as a browser's form upload; the store's status."""
    fields = {**upload["fields"], "key": key, "Content-Type": mime_type}
    files = {"file": ("part", body, mime_type)}
    return httpx.post(upload["url"], data=fields, files=files).status_code
