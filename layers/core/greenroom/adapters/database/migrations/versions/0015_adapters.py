"""Kinds of webhook endpoint, and the interviews that an ATS ordered as assessments."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("kind", sa.String(length=20), server_default="webhook", nullable=False),
        sa.Column("wording", sa.Text(), nullable=True),
    ):
        op.add_column("webhook_endpoints", column)
    op.create_table(
        "partner_orders",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("partner", sa.String(length=20), nullable=False),
        sa.Column("callback_url", sa.String(length=2000), nullable=False),
        sa.Column("ordered_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_partner_orders")),
    )


def downgrade() -> None:
    op.drop_table("partner_orders")
    for name in ("wording", "kind"):
        op.drop_column("webhook_endpoints", name)
