"""One segment's parts from the store, in order, each checked before a byte of it is passed on."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Literal

from functions.chunk_assembly.holes import Hole, bridged
from greenroom.domain.errors import NotFound
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Part, Segment
from greenroom.domain.template import TrackName

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore

Fate = Literal["verified", "part_missing", "part_altered"]

AHEAD_BYTES = 4 * 2**20
"""Parts in memory at a time, downloaded or on their way; a single larger part comes alone."""
AHEAD_PARTS = 64


class SegmentParts:
    """The parts of one segment. `fates` tells what became of each that was looked at, by number."""

    def __init__(
        self,
        segment: Segment,
        *,
        track: TrackName,
        ref: AttemptRef,
        store: ObjectStore,
        pool: Executor,
    ) -> None:
        self.number = segment.segment
        self.fates: dict[int, Fate] = {}
        self._parts = segment.parts
        self._ref, self._track = ref, track
        self._store = store
        self._pool = pool

    def blocks(self) -> Iterator[bytes]:
        """The bytes of all verified parts, holes bridged. Errors of the store other than `NotFound` are raised."""
        return bridged(self._pieces())

    def finish(self) -> None:
        """Look at the parts that were not read: what is named must not depend on when ffmpeg gave up."""
        for part, fate, _ in self._look_at([p for p in self._parts if p.part not in self.fates]):
            self.fates[part.part] = fate

    def _pieces(self) -> Iterator[bytes | Hole]:
        self.fates.clear()
        following = 0
        for part, fate, body in self._look_at(self._parts):
            if part.part > following:
                yield Hole(None)
            following = part.part + 1
            self.fates[part.part] = fate
            yield body or Hole(part.size)

    def _look_at(self, parts: Sequence[Part]) -> Iterator[tuple[Part, Fate, bytes]]:
        """Part by part, the next ones under way while one is used; memory holds `AHEAD_BYTES`."""
        coming: deque[tuple[Part, Future[tuple[Fate, bytes]]]] = deque()
        rest = deque(parts)
        held = 0
        try:
            while coming or rest:
                while rest and len(coming) < AHEAD_PARTS:
                    if coming and held + rest[0].size > AHEAD_BYTES:
                        break
                    part = rest.popleft()
                    held += part.size
                    coming.append((part, self._pool.submit(self._fetch, part)))
                part, future = coming.popleft()
                yield part, *future.result()
                del future
                held -= part.size
        finally:  # ffmpeg may have given up: nobody waits for these
            for _, future in coming:
                future.cancel()

    def _fetch(self, part: Part) -> tuple[Fate, bytes]:
        try:
            body = self._read(part)
            if body is None:
                # The verdict is final, so bytes that went wrong on their way get a second chance.
                body = self._read(part)
        except NotFound:
            return "part_missing", b""
        return ("part_altered", b"") if body is None else ("verified", body)

    def _read(self, part: Part) -> bytes | None:
        """The part's bytes, None when they are not the manifest's."""
        key = self._ref.part(self._track, self.number, part.part)
        body = self._store.read(key, at_most=part.size + 1)
        if len(body) != part.size or hashlib.sha256(body).hexdigest() != part.sha256:
            return None
        return body
