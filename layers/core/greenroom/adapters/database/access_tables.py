"""The tables of who may enter: users, sessions, interviewers; and of who did what: the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.tables import UtcTime, metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("login", sa.String(254)),
    sa.Column("issuer", sa.String(500)),
    sa.Column("subject", sa.String(255)),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("totp_secret", sa.Text),
    sa.Column("totp_step", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("signed_in_at", UtcTime),
    sa.UniqueConstraint("login"),
    sa.UniqueConstraint("issuer", "subject"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(40), sa.ForeignKey("users.id"), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Index(None, "user_id"),
    sa.Index(None, "expires_at"),
)

interviewers = sa.Table(
    "interviewers",
    metadata,
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("email", sa.String(254), primary_key=True),
    sa.Column("assigned_at", UtcTime, nullable=False),
    sa.Index(None, "email"),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor_kind", sa.String(16), nullable=False),
    sa.Column("actor_id", sa.String(100), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(40), nullable=False),
    sa.Column("subject_id", sa.String(200), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("previous_sha256", sa.String(64), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Index(None, "actor_id", "seq"),
    sa.Index(None, "action", "seq"),
    sa.Index(None, "subject_id", "seq"),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
"""One row: the newest entry of `audit_log`, held while the next one is chained to it."""
