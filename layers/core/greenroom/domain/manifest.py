"""The manifest: what the candidate's client says it recorded, sealed when an answer is finished."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.model import Document, Seconds, Sha256
from greenroom.domain.template import TrackName

MAX_PART_BYTES = 64 * 2**20
MAX_PARTS = 20_000
Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]


class Part(Document):
    """One uploaded piece: numbered from 0 within its segment, with the time it covers.

    `start_ms` and `end_ms` are on the attempt's clock (0 = the attempt's start), the same for all tracks.
    """

    part: Annotated[int, Field(ge=0, lt=MAX_PARTS)]
    size: Annotated[int, Field(gt=0, le=MAX_PART_BYTES)]
    sha256: Sha256
    start_ms: Milliseconds
    end_ms: Milliseconds

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end_ms < self.start_ms:
            raise ValueError(f"part {self.part} ends before it starts")
        return self


Began = Literal["start", "reload", "crash", "device_lost", "share_stopped", "stalled", "resumed"]
"""Why a recorder started: for the first time, or after what had ended the segment before."""


class Segment(Document):
    """What one start of the recorder produced; a reload or a crash begins the next segment.

    `unsaved_ms` is the most that was recorded after the last part and was not yet durable when the segment was cut
    off; 0 for a segment that was stopped.
    """

    segment: Annotated[int, Field(ge=0, le=999)]
    began: Began = "start"
    unsaved_ms: Milliseconds = 0
    mime_type: Annotated[str, StringConstraints(pattern=r"^video/[a-z0-9.+-]{1,40}(;.{0,100})?$")]
    parts: Annotated[list[Part], Field(min_length=1, max_length=MAX_PARTS)]

    @model_validator(mode="after")
    def _parts_in_order(self) -> Self:
        numbers = [part.part for part in self.parts]
        if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
            raise ValueError(f"parts of segment {self.segment} must be listed once each, in order")
        return self


class TrackManifest(Document):
    track: TrackName
    segments: Annotated[list[Segment], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _segments_in_order(self) -> Self:
        numbers = [segment.segment for segment in self.segments]
        if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
            raise ValueError(f"segments of {self.track} must be listed once each, in order")
        return self

    def recorded_ms(self, at_ms: int) -> int:
        """Milliseconds into the joined recording of what was recorded at `at_ms` on the attempt's clock.

        A moment within an interruption is where the recording goes on.
        """
        parts = [part for segment in self.segments for part in segment.parts]
        return sum(
            min(at_ms, part.end_ms) - part.start_ms for part in parts if part.start_ms < at_ms
        )


class Marker(Document):
    """A moment that the candidate marked (C6)."""

    at_ms: Milliseconds
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class KeyMoment(Document):
    """A marker as a reviewer finds it: seconds into the camera's recording (关键时间点)."""

    at_s: Seconds
    note: str


class Manifest(Document):
    """All tracks of one attempt."""

    tracks: Annotated[list[TrackManifest], Field(min_length=1, max_length=2)]
    markers: Annotated[list[Marker], Field(max_length=200)] = []

    @property
    def key_moments(self) -> list[KeyMoment]:
        """The markers in order of time; none where there is no camera track."""
        camera = next((track for track in self.tracks if track.track == "camera"), None)
        if camera is None:
            return []
        marked = sorted(self.markers, key=lambda marker: marker.at_ms)
        return [
            KeyMoment(at_s=camera.recorded_ms(marker.at_ms) / 1000, note=marker.note)
            for marker in marked
        ]

    @model_validator(mode="after")
    def _tracks_once(self) -> Self:
        names = [track.track for track in self.tracks]
        if len(set(names)) != len(names):
            raise ValueError("a track is listed twice")
        return self
