"""What repositories return: frozen rows without a trace of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from greenroom.domain.access import Role
from greenroom.domain.batch import CandidateRow, RowError
from greenroom.domain.decision import Decision
from greenroom.domain.endpoint_kinds import ChatNotice, EndpointKind, RestCall, shown_url
from greenroom.domain.erasure import ErasureState, Reason, Removed, SignedCertificate
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.events import Event, EventType
from greenroom.domain.identity import IdentityPicture
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.model import Locale
from greenroom.domain.monitoring import Point
from greenroom.domain.plan import Plan
from greenroom.domain.presence import HealthSample, Phase
from greenroom.domain.retention import DataKind
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
    """`plan` is the batch's, with the follow-ups that were offered in this interview; `time_zone` the candidate's."""

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
    time_zone: str | None = None


@dataclass(frozen=True)
class DecisionRow:
    """`number` counts an interview's decisions from 1; `decided_by` is a user's or an API key's id."""

    number: int
    decision: Decision
    decided_by: str
    decided_at: datetime


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
    """`due_at` is None for at once; `recipient` is an interviewer's address, None for the candidate."""

    interview_id: str
    message: str
    number: int
    due_at: datetime | None = None
    recipient: str | None = None


MailKey = tuple[str, str, int]
MailState = Literal["pending", "sent", "dead"]


@dataclass(frozen=True)
class MailRow:
    """One mail of the outbox; `attempts` counts those that failed, `recipient` as `NewMail` has it."""

    interview_id: str
    message: str
    number: int
    attempts: int
    recipient: str | None = None

    @property
    def key(self) -> MailKey:
        return self.interview_id, self.message, self.number


@dataclass(frozen=True)
class MailStatus:
    """How a mail stands; `due_at` is when it is to be sent or was last tried."""

    interview_id: str
    message: str
    number: int
    state: MailState
    attempts: int
    due_at: datetime
    sent_at: datetime | None
    last_error: str | None

    def cursor(self) -> str:
        """Where a page ends whose last row this is."""
        at = (self.due_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        return f"{at}~{self.interview_id}~{self.message}~{self.number}"


@dataclass(frozen=True)
class MailCounts:
    sent: int
    pending: int
    dead: int


@dataclass(frozen=True)
class EndpointRow:
    """`types` is None for all; `state` is `active` or why it is not; `secret` is "" where nothing is signed.

    `failures` in a row, the first at `failing_since`; nothing but a probe is sent before `paused_until`.
    """

    id: str
    url: str
    secret: str
    types: list[EventType] | None
    state: str
    created_at: datetime
    former_secret: str | None = None
    former_until: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    kind: EndpointKind = "webhook"
    notice: ChatNotice | None = None
    rest: RestCall | None = None

    @property
    def shown_url(self) -> str:
        return shown_url(self.kind, self.url)

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign at `now`: during a rotation the new one and the former."""
        if self.former_secret and self.former_until and now < self.former_until:
            return self.secret, self.former_secret
        return (self.secret,)


@dataclass(frozen=True)
class DeliveryRow:
    """One event for one endpoint; `attempts` counts those that failed, `owner` holds the lease.

    `url` is the endpoint's as it may be shown.
    """

    endpoint_id: str
    url: str
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
    created_at: datetime

    def cursor(self, *, by_interview: bool) -> str:
        """Where a page ends whose last row this is."""
        if by_interview:
            return f"{self.seq}~{self.endpoint_id}"
        at = (self.created_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        return f"{at}~{self.event_id}~{self.endpoint_id}"


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery to be sent now: to whom, the event's bytes and the secrets to sign them with.

    `probe` is the one delivery that finds out whether a receiver that was down is back.
    """

    row: DeliveryRow
    endpoint: EndpointRow
    body: bytes
    secrets: tuple[str, ...]
    probe: bool


@dataclass(frozen=True)
class AttemptMade:
    """One request to a receiver and what came back; `response` is the beginning of its body."""

    at: datetime
    took_ms: int
    url: str
    status: int | None
    response: str | None
    error: str | None


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


@dataclass(frozen=True)
class Reporting:
    """What a health report is held against and answered with; `presence` is None before the first one.

    `kept`: samples that are there. `watched_until`: None when nobody ever opened the monitoring page.
    """

    token_version: int
    state: InterviewState
    deadline: datetime
    time_factor: float
    watched_until: datetime | None
    kept: int
    presence: PresenceRow | None


@dataclass(frozen=True)
class UserRow:
    """Somebody who may enter the console: with a `login` of this machine, or by `issuer` and `subject`."""

    id: str
    login: str | None
    issuer: str | None
    name: str
    email: str
    role: Role
    state: Literal["active", "disabled"]
    password_hash: str | None
    totp_secret: str | None
    locked_until: datetime | None
    created_at: datetime
    signed_in_at: datetime | None

    @property
    def is_local(self) -> bool:
        return self.issuer is None


@dataclass(frozen=True)
class NewUser:
    """A local account has a `login` and a `password_hash`; one of an identity provider the other two."""

    id: str
    name: str
    email: str
    role: Role
    login: str | None = None
    password_hash: str | None = None
    issuer: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class ErasedInterview:
    """`discounted`: its batch's count of accepted rows goes without it."""

    interview_id: str
    batch_id: str
    discounted: bool


@dataclass(frozen=True)
class ErasureRow:
    """`person` is None once the certificate is made; `held` are interviews not erased.

    `rows`: removed rows by table; `inventory` is None until the store was looked through.
    """

    id: str
    state: ErasureState
    reason: Reason
    asked_at: datetime
    asked_by: str
    person: CandidateRow | None
    candidate_salt: str
    candidate_sha256: str
    interviews: list[ErasedInterview]
    held: list[str]
    policies: list[str]
    rows: dict[str, int]
    inventory: list[Removed] | None
    certificate: SignedCertificate | None

    @property
    def external_id(self) -> str | None:
        return self.person.external_id if self.person is not None else None

    @property
    def ids(self) -> list[str]:
        """The erased interviews' ids, those too that were kept from being made."""
        return [one.interview_id for one in self.interviews]

    @property
    def batches(self) -> list[str]:
        return sorted({one.batch_id for one in self.interviews})


@dataclass(frozen=True)
class Disposal:
    """One kind of an interview's data, to be deleted at `due_at`."""

    interview_id: str
    kind: DataKind
    due_at: datetime
