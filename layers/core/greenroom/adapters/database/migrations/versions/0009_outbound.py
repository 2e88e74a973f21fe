"""Webhooks: secrets that overlap, circuit breakers, attempts with their answers, pages of deliveries."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import Quoted, UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_deliveries_endpoint_id_state_next_attempt_at": ["endpoint_id", "state", "next_attempt_at"],
    "ix_deliveries_created_at_event_id_endpoint_id": ["created_at", "event_id", "endpoint_id"],
    "ix_deliveries_state_created_at_event_id_endpoint_id": [
        "state",
        "created_at",
        "event_id",
        "endpoint_id",
    ],
    "ix_deliveries_endpoint_id_created_at_event_id": ["endpoint_id", "created_at", "event_id"],
}


def upgrade() -> None:
    for column in (
        sa.Column("former_secret", sa.String(length=200), nullable=True),
        sa.Column("former_until", UtcTime(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("paused_until", UtcTime(), nullable=True),
    ):
        op.add_column("webhook_endpoints", column)
    op.add_column("deliveries", sa.Column("created_at", UtcTime(), nullable=True))
    op.execute("UPDATE deliveries SET created_at = coalesce(delivered_at, next_attempt_at)")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.alter_column("created_at", existing_type=UtcTime(), nullable=False)
        batch_op.drop_index("ix_deliveries_state_next_attempt_at")
        for name, columns in INDEXES.items():
            batch_op.create_index(name, columns)
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", Quoted(), nullable=True),
        sa.Column("error", Quoted(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id", "event_id"],
            ["deliveries.endpoint_id", "deliveries.event_id"],
            name=op.f("fk_delivery_attempts_endpoint_id_event_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(
        "ix_delivery_attempts_endpoint_id_event_id_at",
        "delivery_attempts",
        ["endpoint_id", "event_id", "at"],
    )
    op.create_index("ix_delivery_attempts_at", "delivery_attempts", ["at"])


def downgrade() -> None:
    op.drop_table("delivery_attempts")
    with op.batch_alter_table("deliveries") as batch_op:
        for name in INDEXES:
            batch_op.drop_index(name)
        batch_op.create_index("ix_deliveries_state_next_attempt_at", ["state", "next_attempt_at"])
        batch_op.drop_column("created_at")
    for column in ("paused_until", "failing_since", "failures", "former_until", "former_secret"):
        op.drop_column("webhook_endpoints", column)
