"""What the candidate's page says about itself: the steps of the guided start, and live health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from greenroom.domain.model import Document, Slug


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its zone, as UTC: the page's clock may say anything."""

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

PASSING = ("good", "advise", "warn")
"""Verdicts of the environment check with which a candidate may go on."""
ACTIVE: frozenset[Phase] = frozenset({"thinking", "recording", "finishing"})
"""Phases in which a candidate who is not heard of has gone."""
TROUBLE: frozenset[Picture] = frozenset({"black", "frozen", "covered", "muted"})

GONE_AFTER = timedelta(minutes=3)
"""Silence after which a candidate is away (D2)."""
TROUBLE_AFTER = timedelta(seconds=10)
"""A camera that shows nothing for so long is told."""

SAMPLE_EVERY = timedelta(seconds=5)
"""A page takes a sample so often, and while somebody watches it reports each at once."""
REPORT_EVERY = timedelta(seconds=15)
"""While nobody watches, a page reports so often, several samples at a time; trouble it tells at once."""
MISSED_AFTER = GONE_AFTER + REPORT_EVERY
"""A page that was last heard of so long ago has said nothing for `GONE_AFTER` since its next report was due."""

MAX_REPORTED = 200
"""Health samples in one report."""
MAX_STEPS = 1000
"""Steps of one interview. A person takes some dozens; each is a row, an object and a webhook."""
MAX_SAMPLES = 20_000
"""Health samples kept of one interview: a day at one in five seconds."""


class Told(Document):
    """What a page says: JSON's NaN and Infinity, which no other reader would take, are refused."""

    model_config = ConfigDict(allow_inf_nan=False)


class Step(Told):
    """One step of the guided start. `id` is the page's own: the same step told again is one step."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    step: StepName
    at: Moment
    details: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")], Detail],
        Field(max_length=20),
    ] = {}

    @property
    def passes_checks(self) -> bool:
        """The environment check let the candidate on; `block` is the verdict that does not."""
        return self.step == "environment_checked" and self.details.get("verdict") in PASSING


class StepReport(Told):
    steps: Annotated[list[Step], Field(min_length=1, max_length=50)]


class HealthSample(Told):
    """How the recording goes at one moment, by the server's clock as the page knows it.

    `fps` real frames a second, `snr_db` speech over noise, `level_dbfs`, screen size in px; `waiting_s`: seconds
    since the store took the last byte while bytes wait, 0 when none wait.
    """

    at: Moment
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


class HealthReport(Told):
    """Samples in order of time; those that were kept while there was no network come first."""

    samples: Annotated[list[HealthSample], Field(min_length=1, max_length=MAX_REPORTED)]


def report_every(now: datetime, watched_until: datetime | None) -> timedelta:
    """How often a page is to report from now on."""
    watched = watched_until is not None and now < watched_until
    return SAMPLE_EVERY if watched else REPORT_EVERY


class TimeFactor(Told):
    """Extra time 延长时间: thinking and answering may take so many times as long."""

    factor: Annotated[float, Field(ge=1, le=4)]


def absence_cause(
    since: datetime, now: datetime, samples: Sequence[HealthSample]
) -> Literal["network", "left"]:
    """Why nothing was heard between `since` and `now`, told by what the page kept meanwhile, in order of time.

    Samples without a hole of three minutes mean that the page went on and only the network was gone. After the
    newest of a full report more are waiting, so what follows it says nothing.
    """
    within = [sample.at for sample in samples if since < sample.at <= now]
    until = [] if len(samples) >= MAX_REPORTED else [now]
    silent = any(
        later - earlier > GONE_AFTER for earlier, later in pairwise([since, *within, *until])
    )
    return "left" if silent or not within else "network"


def watch_camera(
    since: datetime | None, samples: Sequence[HealthSample]
) -> tuple[datetime | None, dict[datetime, HealthSample]]:
    """Since when the camera shows nothing while it is needed, and the episodes that are to be told, by their start.

    `since` is what the last call returned; samples in order of time.
    """
    told: dict[datetime, HealthSample] = {}
    for sample in samples:
        if sample.phase not in ACTIVE or sample.camera not in TROUBLE:
            since = None
            continue
        since = since or sample.at
        if sample.at - since >= TROUBLE_AFTER:
            told.setdefault(since, sample)
    return since, told
