"""assembly.json: what became of a manifest: one recording per track, and every gap by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.manifest import Began
from greenroom.domain.model import Document, Seconds, Sha256
from greenroom.domain.template import TrackName

GapCause = Literal[
    "part_missing",
    "part_altered",
    "recorder_restart",
    "segment_refused",
    "not_in_manifest",
    "unsaved",
]


class Gap(Document):
    """A stretch of the attempt's clock that is not in the recording.

    `start_ms`, `end_ms` on the attempt's clock; `parts` are the numbers of the parts where parts are the cause.
    `recorder_restart` is an interruption: nothing was being recorded, so nothing is lost; `began` tells why the
    segment after it began. `unsaved` was recorded, and not yet durable in the browser when it was cut off.
    """

    cause: GapCause
    began: Began | None = None
    segment: Annotated[int, Field(ge=0)]
    parts: list[Annotated[int, Field(ge=0)]] = []
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=0)]

    @property
    def width_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def interrupts(self) -> bool:
        """Whether nothing was being recorded at the time."""
        return self.cause == "recorder_restart"

    @property
    def lost_ms(self) -> int:
        """Milliseconds that were recorded and are not in the recording."""
        return 0 if self.interrupts else self.width_ms

    @property
    def interrupted_ms(self) -> int:
        """Milliseconds in which nothing was being recorded."""
        return self.width_ms if self.interrupts else 0


class AssembledTrack(Document):
    """One track: its recording, or the reason why there is none.

    `status`: `complete` when everything that was recorded is there; `gaps` when some is missing and the rest is
    saved; `refused` when the bytes are not media that we accept (`reason` holds the code). `duration_s` is measured
    from packets. `gaps` names interruptions too.
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

    @property
    def interrupted_ms(self) -> int:
        """Milliseconds between segments in which nothing was being recorded."""
        return sum(gap.interrupted_ms for gap in self.gaps)


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
