"""Local copies of assembled recordings, held against the digests that assembly.json names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.errors import Unavailable

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore


def fetched(track: AssembledTrack, store: ObjectStore, folder: Path) -> Path:
    """A copy of the track's recording in `folder`; the track must have one.

    Raises `Unavailable` (`recording_differs`) when the bytes are not the assembled ones: it is being written
    anew, or was altered.
    """
    if track.recording is None:
        raise ValueError(f"track {track.track} was refused and has no recording")
    path = folder / Path(track.recording).name
    store.download(track.recording, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != track.sha256:
        raise Unavailable(f"{track.recording} is not what was assembled", code="recording_differs")
    return path
