"""Tables of what interviews are asked and judged by: bank, versions, modules, mappings, policies, decisions."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.sealed import Sealed
from greenroom.adapters.database.tables import UtcTime, metadata

bank_questions = sa.Table(
    "bank_questions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)

catalogue_versions = sa.Table(
    "catalogue_versions",
    metadata,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("document_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
    sa.Column("saved_by", sa.String(200), nullable=False),
)

module_runs = sa.Table(
    "module_runs",
    metadata,
    sa.Column("module", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("model_digest", sa.String(64)),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("first_at", UtcTime, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
)

mappings = sa.Table(
    "mappings",
    metadata,
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("saved_at", UtcTime, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reason", Sealed("decisions.reason"), nullable=False),
    sa.Column("tell", sa.Boolean, nullable=False),
    sa.Column("decided_by", sa.String(200), nullable=False),
    sa.Column("decided_at", UtcTime, nullable=False),
)

score_overrides = sa.Table(
    "score_overrides",
    metadata,
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("competency", sa.String(64), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("reason", Sealed("score_overrides.reason"), nullable=False),
    sa.Column("overridden_by", sa.String(200), nullable=False),
    sa.Column("overridden_at", UtcTime, nullable=False),
)
