"""The tables. Times are UTC; documents are JSON text, as they were validated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from greenroom.adapters.database.sealed import Sealed, SealedQuote

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


FLAGGED = "flags <> '[]'"
"""Which interviews the index of flags holds: a query that says the same words may use it."""

FUNNEL = (
    "type IN ('interview.invited', 'mail.opened', 'mail.clicked', 'interview.opened', 'checks.passed',"
    " 'interview.started', 'interview.submitted')"
)
"""Which steps of the process log the index of the process figures holds, in the same way."""


class UtcTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetimes on every database; SQLite itself knows no time zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None]:
        """In one step of the standard library: a list of interviews reads hundreds of times."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Quoted(sa.TypeDecorator[str]):
    """What a relay or a receiver said: cut at 1,000 characters, and without what text columns refuse."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value[:1000].encode(errors="replace").decode().replace("\x00", "\ufffd")


def _interview() -> sa.Column[str]:
    return sa.Column(
        "interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True
    )


competency_models = sa.Table(
    "competency_models",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)

templates = sa.Table(
    "templates",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
    sa.Column("errors", sa.Text, nullable=False),
    sa.Column("deadline", UtcTime, nullable=False),
    sa.Column("locale", sa.String(10), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Index(None, "state", "created_at"),
)

candidates = sa.Table(
    "candidates",
    metadata,
    sa.Column("external_id", sa.String(100), primary_key=True),
    sa.Column("name", Sealed("candidates.name", 200), nullable=False),
    sa.Column("email", Sealed("candidates.email", 254), nullable=False),
    sa.Column("locale", sa.String(10)),
    sa.Column("time_zone", sa.String(64)),
    sa.Column("resume", Sealed("candidates.resume")),
    sa.Column("updated_at", UtcTime, nullable=False),
)

interviews = sa.Table(
    "interviews",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("batch_id", sa.String(40), sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("job", sa.String(64), nullable=False, server_default=""),
    sa.Column(
        "candidate_id", sa.String(100), sa.ForeignKey("candidates.external_id"), nullable=False
    ),
    sa.Column("locale", sa.String(10), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("deadline", UtcTime, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("submitted_at", UtcTime),
    sa.Column("total_score", sa.Float),
    sa.Column("flags", sa.Text, nullable=False, server_default="[]"),
    sa.Column("token_version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("log_seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("time_factor", sa.Float, nullable=False, server_default="1"),
    sa.Column("withdrawn_at", UtcTime),
    sa.Column("follow_ups", sa.Text, nullable=False, server_default="[]"),
    sa.Column("scored_from", UtcTime),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "state", "created_at", "id"),
    sa.Index(None, "batch_id", "created_at", "id"),
    sa.Index(None, "job", "created_at", "id"),
    sa.Index(None, "job", "total_score", "id"),
    sa.Index(None, "candidate_id", "created_at", "id"),
    sa.Index(None, "total_score", "id"),
    sa.Index(None, "deadline", "id"),
    sa.Index(
        "ix_interviews_flagged",
        "created_at",
        "id",
        sqlite_where=sa.text(FLAGGED),
        postgresql_where=sa.text(FLAGGED),
    ),
    sa.Index(None, "withdrawn_at"),
)

answers = sa.Table(
    "answers",
    metadata,
    _interview(),
    sa.Column("answer_id", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("seals", sa.Integer, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Index(None, "state", "changed_at"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("interview_id", sa.String(40), primary_key=True),
    sa.Column("answer_id", sa.String(64), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("sealed_at", UtcTime),
    sa.Column("tracks", sa.Text, nullable=False),
    sa.Column("manifest_sha256", sa.String(64)),
    sa.Column("assembled", sa.String(16)),
    sa.Column("lost_ms", sa.Integer),
    sa.ForeignKeyConstraint(
        ["interview_id", "answer_id"], ["answers.interview_id", "answers.answer_id"]
    ),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), nullable=False),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index(None, "interview_id", "id"),
)

identity_pictures = sa.Table(
    "identity_pictures",
    metadata,
    _interview(),
    sa.Column("picture", sa.String(16), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("taken_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Index(None, "state", "due_at"),
)

presence = sa.Table(
    "presence",
    metadata,
    _interview(),
    sa.Column("heard_at", UtcTime, nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("sample", sa.Text, nullable=False),
    sa.Column("away_since", UtcTime),
    sa.Column("trouble_since", UtcTime),
    sa.Column("recent", sa.Text, nullable=False, server_default="[]"),
    sa.Index(None, "phase", "heard_at"),
    sa.Index(None, "heard_at"),
)

health_samples = sa.Table(
    "health_samples",
    metadata,
    _interview(),
    sa.Column("at", UtcTime, primary_key=True),
    sa.Column("sample", sa.Text, nullable=False),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    _interview(),
    sa.Column("reviewer", sa.String(100), primary_key=True),
    sa.Column("evaluation", Sealed("evaluations.evaluation"), nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("submitted_at", UtcTime),
)

scores = sa.Table(
    "scores",
    metadata,
    _interview(),
    sa.Column("competency", sa.String(64), primary_key=True),
    sa.Column("score", sa.Float),
    sa.Index(None, "competency", "score", "interview_id"),
)

process_log = sa.Table(
    "process_log",
    metadata,
    # No foreign key: the step that tells of an erasure outlives its interview.
    sa.Column("interview_id", sa.String(40), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("once", sa.String(120)),
    sa.Column("published_at", UtcTime),
    sa.UniqueConstraint("interview_id", "once"),
    sa.Index(None, "published_at", "at"),
    sa.Index(
        "ix_process_log_funnel",
        "interview_id",
        "type",
        "at",
        sqlite_where=sa.text(FUNNEL),
        postgresql_where=sa.text(FUNNEL),
    ),
)

mails = sa.Table(
    "mails",
    metadata,
    _interview(),
    sa.Column("message", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("recipient", Sealed("mails.recipient", 320)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("owner", sa.String(40)),
    sa.Column("leased_until", UtcTime),
    sa.Column("last_error", SealedQuote("mails.last_error")),
    sa.Column("sent_at", UtcTime),
    sa.Index(None, "state", "due_at"),
)

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False, server_default="webhook"),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("wording", sa.Text),
    sa.Column("secret", Sealed("webhook_endpoints.secret", 200), nullable=False),
    sa.Column("former_secret", Sealed("webhook_endpoints.former_secret", 200)),
    sa.Column("former_until", UtcTime),
    sa.Column("types", sa.Text),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failing_since", UtcTime),
    sa.Column("paused_until", UtcTime),
    sa.Index(
        "uq_webhook_endpoints_active_url",
        "url",
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    ),
)

partner_orders = sa.Table(
    "partner_orders",
    metadata,
    # No foreign key: the order is kept before the queue has made the interview.
    sa.Column("interview_id", sa.String(40), primary_key=True),
    sa.Column("partner", sa.String(20), nullable=False),
    sa.Column("callback_url", sa.String(2000), nullable=False),
    sa.Column("ordered_at", UtcTime, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column(
        "endpoint_id", sa.String(40), sa.ForeignKey("webhook_endpoints.id"), primary_key=True
    ),
    sa.Column("event_id", sa.String(40), primary_key=True),
    sa.Column("interview_id", sa.String(40), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcTime, nullable=False),
    sa.Column("owner", sa.String(40)),
    sa.Column("leased_until", UtcTime),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", Quoted),
    sa.Column("delivered_at", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.UniqueConstraint("endpoint_id", "interview_id", "seq"),
    sa.Index(None, "endpoint_id", "state", "next_attempt_at"),
    sa.Index(None, "created_at", "event_id", "endpoint_id"),
    sa.Index(None, "state", "created_at", "event_id", "endpoint_id"),
    sa.Index(None, "endpoint_id", "created_at", "event_id"),
    sa.Index(None, "interview_id", "state"),
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("endpoint_id", sa.String(40), nullable=False),
    sa.Column("event_id", sa.String(40), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("took_ms", sa.Integer, nullable=False),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("response", Quoted),
    sa.Column("error", Quoted),
    sa.ForeignKeyConstraint(
        ["endpoint_id", "event_id"], ["deliveries.endpoint_id", "deliveries.event_id"]
    ),
    sa.Index(None, "endpoint_id", "event_id", "at"),
    sa.Index(None, "at"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(120), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("body", Sealed("idempotency.body")),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Index(None, "expires_at"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("signed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("expires_at", UtcTime),
    sa.Column("revoked_at", UtcTime),
    sa.Column("replaced_by", sa.String(40)),
)

request_rates = sa.Table(
    "request_rates",
    metadata,
    sa.Column("caller", sa.String(80), primary_key=True),
    sa.Column("full_at", sa.Float, nullable=False),
)

candidate_filters = sa.Table(
    "candidate_filters",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)
