"""The tables of what is gone and of what must stay: erasures, erased interviews, legal holds, disposals."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.sealed import Sealed
from greenroom.adapters.database.tables import UtcTime, metadata

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("asked_by", sa.String(120), nullable=False),
    # Whom it is about: what the scan looks for. Empty once the certificate is made.
    sa.Column("external_id", sa.String(100)),
    sa.Column("name", Sealed("erasures.name", 200)),
    sa.Column("email", Sealed("erasures.email", 254)),
    sa.Column("candidate_salt", sa.String(32), nullable=False),
    sa.Column("candidate_sha256", sa.String(64), nullable=False),
    sa.Column("held", sa.Text, nullable=False, server_default="[]"),
    sa.Column("policies", sa.Text, nullable=False, server_default="[]"),
    sa.Column("rows_removed", sa.Text),
    sa.Column("inventory", sa.Text),
    sa.Column("certificate", sa.Text),
    sa.Column("watched_until", UtcTime),
    sa.Index(None, "state", "asked_at"),
    sa.Index(None, "watched_until"),
    sa.Index(None, "external_id"),
)

erased_interviews = sa.Table(
    "erased_interviews",
    metadata,
    sa.Column("interview_id", sa.String(40), primary_key=True),
    sa.Column("erasure_id", sa.String(40), sa.ForeignKey("erasures.id"), nullable=False),
    sa.Column("batch_id", sa.String(40), nullable=False),
    # Whether the batch's count of accepted rows already goes without it.
    sa.Column("discounted", sa.Boolean, nullable=False),
    sa.Index(None, "erasure_id"),
)

legal_holds = sa.Table(
    "legal_holds",
    metadata,
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("reason", Sealed("legal_holds.reason"), nullable=False),
    sa.Column("placed_by", sa.String(120), nullable=False),
    sa.Column("placed_at", UtcTime, nullable=False),
)

disposals = sa.Table(
    "disposals",
    metadata,
    sa.Column("interview_id", sa.String(40), sa.ForeignKey("interviews.id"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("done_at", UtcTime),
    sa.Index(None, "done_at", "due_at"),
)
"""When each kind of an interview's data is to be deleted, by its policy; and when it was."""
