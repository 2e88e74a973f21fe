"""What lies in the store under a track's prefix: how many bytes to expect, and what nobody listed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import MAX_PARTS, TrackManifest

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore

MAX_LISTED = 4 * MAX_PARTS


@dataclass(frozen=True)
class Stored:
    """`bytes` of the listed parts that are there, and `lost_bytes` that the manifest claims beyond them.

    `unlisted` objects are ignored; `first_unlisted` names one.
    """

    bytes: int
    lost_bytes: int
    unlisted: int
    first_unlisted: str | None


def stored_parts(track: TrackManifest, ref: AttemptRef, store: ObjectStore) -> Stored:
    """Sizes as the store has them; the manifest's are claims. At most `MAX_LISTED` objects are looked at."""
    claimed = {
        ref.part(track.track, segment.segment, part.part): part.size
        for segment in track.segments
        for part in segment.parts
    }
    total, unlisted = 0, []
    for found in itertools.islice(store.listing(ref.track_prefix(track.track)), MAX_LISTED):
        if found.key not in claimed:
            unlisted.append(found.key)
        elif found.size == claimed[found.key]:
            total += found.size
    return Stored(
        total, sum(claimed.values()) - total, len(unlisted), unlisted[0] if unlisted else None
    )
