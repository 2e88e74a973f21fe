"""What the candidate's page says about itself: the steps of the guided start, and live health."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from greenroom.domain.model import Document, Slug

StepName = Literal[
    "demonstration_seen", "demonstration_skipped", "environment_checked",
    "camera_ready", "camera_refused", "camera_absent", "microphone_ready", "microphone_refused",
    "sound_heard", "screen_ready", "screen_refused", "rules_accepted", "practice_done", "identity_taken",
    "room_entered", "room_left", "recording_interrupted", "recording_resumed", "device_lost", "share_stopped",
    "storage_unavailable",
]  # fmt: skip

Detail = Annotated[str, StringConstraints(max_length=100)] | float | bool | None
Phase = Literal["preparing", "thinking", "recording", "finishing", "waiting", "done"]
Picture = Literal["ok", "black", "frozen", "covered", "muted", "absent"]

ACTIVE: frozenset[Phase] = frozenset({"thinking", "recording", "finishing"})
"""Phases in which a candidate who is not heard of has gone."""
TROUBLE: frozenset[Picture] = frozenset({"black", "frozen", "covered", "muted"})

GONE_AFTER = timedelta(minutes=3)
"""Silence after which a candidate is away (D2)."""
TROUBLE_AFTER = timedelta(seconds=10)
"""A camera that shows nothing for so long is told."""


class Step(Document):
    """One step of the guided start. `id` is the page's own: the same step told again is one step."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    step: StepName
    at: AwareDatetime
    details: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")], Detail],
        Field(max_length=20),
    ] = {}


class StepReport(Document):
    steps: Annotated[list[Step], Field(min_length=1, max_length=50)]


class HealthSample(Document):
    """How the recording goes at one moment, by the server's clock as the page knows it.

    `fps` real frames a second, `snr_db` speech over noise, `level_dbfs`, screen size in px; `waiting_s`: seconds
    since the store took the last byte while bytes wait, 0 when none wait.
    """

    at: AwareDatetime
    phase: Phase
    answer: Slug | None = None
    attempt: Annotated[int, Field(ge=1, le=999)] | None = None
    fps: Annotated[float, Field(ge=0, le=1000)] | None = None
    snr_db: Annotated[float, Field(ge=-200, le=200)] | None = None
    level_dbfs: Annotated[float, Field(ge=-200, le=200)] | None = None
    camera: Picture | None = None
    screen_width: Annotated[int, Field(ge=0, le=100_000)] | None = None
    screen_height: Annotated[int, Field(ge=0, le=100_000)] | None = None
    waiting_s: Annotated[float, Field(ge=0, le=1e7)] = 0
    pending_bytes: Annotated[int, Field(ge=0, le=2**50)] = 0
    online: bool = True


class HealthReport(Document):
    """Samples in order of time; those that were kept while there was no network come first."""

    samples: Annotated[list[HealthSample], Field(min_length=1, max_length=200)]


class TimeFactor(Document):
    """Extra time 延长时间: thinking and answering may take so many times as long."""

    factor: Annotated[float, Field(ge=1, le=4, allow_inf_nan=False)]
