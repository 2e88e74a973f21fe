"""assembly.json: what became of a manifest: one recording per track, and every gap by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document, Seconds, Sha256
from greenroom.domain.template import TrackName

GapCause = Literal[
    "part_missing", "part_altered", "recorder_restart", "segment_refused", "not_in_manifest"
]


class Gap(Document):
    """Something recorded that is not in the recording.

    `start_ms`, `end_ms` on the attempt's clock; `parts` as ``segment/part`` numbers where parts are the cause.
    """

    cause: GapCause
    segment: Annotated[int, Field(ge=0)]
    parts: list[Annotated[int, Field(ge=0)]] = []
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=0)]

    @property
    def lost_ms(self) -> int:
        return self.end_ms - self.start_ms


class AssembledTrack(Document):
    """One track: its recording, or the reason why there is none.

    `status`: `complete`; `gaps` when something is missing and the rest is saved; `refused` when the bytes
    are not media that we accept (`reason` holds the code). `duration_s` is measured from packets.
    """

    track: TrackName
    status: Literal["complete", "gaps", "refused"]
    reason: str | None = None
    detail: str | None = None
    recording: str | None = None
    size: Annotated[int, Field(ge=0)] = 0
    sha256: Sha256 | None = None
    duration_s: Seconds = 0
    container: str | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    segments: Annotated[int, Field(ge=0)] = 0
    parts: Annotated[int, Field(ge=0)] = 0
    gaps: list[Gap] = []

    @property
    def lost_ms(self) -> int:
        """Milliseconds that were recorded and are not in the recording."""
        return sum(gap.lost_ms for gap in self.gaps)


class Assembly(Document):
    """Everything known about how one attempt was assembled."""

    interview: str
    answer: str
    attempt: Annotated[int, Field(ge=1)]
    manifest_sha256: Sha256
    tool: str
    tracks: list[AssembledTrack]

    @property
    def lost_ms(self) -> int:
        """The worst track's loss: tracks run on one clock, so their losses overlap."""
        return max((track.lost_ms for track in self.tracks), default=0)

    def track(self, name: TrackName) -> AssembledTrack | None:
        return next((track for track in self.tracks if track.track == name), None)
