"""What repositories return: frozen rows without a trace of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from greenroom.domain.batch import CandidateRow, RowError
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.events import Event, EventType
from greenroom.domain.identity import IdentityPicture
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.model import Locale
from greenroom.domain.monitoring import Point
from greenroom.domain.plan import Plan
from greenroom.domain.presence import HealthSample, Phase
from greenroom.domain.template import TrackName
from greenroom.domain.webhook import DeliveryState


@dataclass(frozen=True)
class BatchRow:
    id: str
    state: Literal["accepted", "invited"]
    plan: Plan
    accepted: int
    errors: list[RowError]
    deadline: datetime
    locale: Locale
    created_at: datetime


@dataclass(frozen=True)
class EvaluationRow:
    """`submitted_at` is None for a draft."""

    interview_id: str
    reviewer: str
    evaluation: Evaluation
    changed_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True)
class RunningRow:
    """An interview whose page was heard of lately."""

    presence: PresenceRow
    candidate_name: str
    state: InterviewState
    plan: Plan


@dataclass(frozen=True)
class NewInterview:
    id: str
    candidate: CandidateRow
    deadline: datetime
    locale: Locale


@dataclass(frozen=True)
class InterviewRow:
    """`plan` is the batch's, with the follow-ups that were offered in this interview."""

    id: str
    batch_id: str
    candidate_external_id: str
    candidate_name: str
    candidate_email: str
    locale: Locale
    state: InterviewState
    deadline: datetime
    created_at: datetime
    submitted_at: datetime | None
    total_score: float | None
    plan: Plan
    flags: list[str]
    token_version: int
    time_factor: float = 1.0


@dataclass(frozen=True)
class AnswerRow:
    """`attempt` is the attempt in focus (0: none); `seals` counts sealed attempts."""

    interview_id: str
    answer_id: str
    position: int
    state: AnswerState
    attempt: int
    seals: int


@dataclass(frozen=True)
class AttemptRow:
    interview_id: str
    answer_id: str
    attempt: int
    state: Literal["recording", "sealed"]
    started_at: datetime
    sealed_at: datetime | None
    tracks: list[TrackName]
    manifest_sha256: str | None


@dataclass(frozen=True)
class IdentityRow:
    """One identity picture. `due_at` is when it must be gone; of one that is still `coming`, when it is given up."""

    interview_id: str
    picture: IdentityPicture
    state: Literal["coming", "kept", "deleted"]
    taken_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class LogRow:
    interview_id: str
    seq: int
    type: EventType
    at: datetime
    event: Event
    published_at: datetime | None


@dataclass(frozen=True)
class NewMail:
    interview_id: str
    message: str
    number: int


MailKey = tuple[str, str, int]


@dataclass(frozen=True)
class MailRow:
    """One mail of the outbox; `attempts` counts those that failed."""

    interview_id: str
    message: str
    number: int
    attempts: int

    @property
    def key(self) -> MailKey:
        return self.interview_id, self.message, self.number


@dataclass(frozen=True)
class MailCounts:
    sent: int
    pending: int
    dead: int


@dataclass(frozen=True)
class EndpointRow:
    """`types` is None for all; `state` is `active` or why it is not."""

    id: str
    url: str
    secret: str
    types: list[EventType] | None
    state: str
    created_at: datetime


@dataclass(frozen=True)
class DeliveryRow:
    """One event for one endpoint; `attempts` counts those that failed, `owner` holds the lease."""

    endpoint_id: str
    url: str
    secret: str
    event_id: str
    interview_id: str
    seq: int
    type: EventType
    state: DeliveryState
    attempts: int
    owner: str | None
    next_attempt_at: datetime
    last_status: int | None
    last_error: str | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class ApiKeyRow:
    """A key without its secret. `signed`: what it changes must be signed; `replaced_by`: it was rotated."""

    id: str
    sha256: str
    scopes: list[str]
    name: str
    created_at: datetime
    signed: bool
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None

    def state(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True)
class StoredResponse:
    status: int
    body: str


@dataclass(frozen=True)
class PresenceRow:
    """Where an interview's page stood when it was last heard of, by the server's clock.

    `recent`: the last points of its metrics, oldest first.
    """

    interview_id: str
    heard_at: datetime
    phase: Phase
    sample: HealthSample
    away_since: datetime | None
    trouble_since: datetime | None
    recent: tuple[Point, ...] = ()

    @property
    def known_until(self) -> datetime:
        """Samples up to then are history. A page whose clock was ahead does not hold up its own news."""
        return min(self.sample.at, self.heard_at)
