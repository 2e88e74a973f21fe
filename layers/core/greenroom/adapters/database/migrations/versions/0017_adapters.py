"""Kinds of webhook endpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("kind", sa.String(length=20), server_default="webhook", nullable=False),
        sa.Column("wording", sa.Text(), nullable=True),
    ):
        op.add_column("webhook_endpoints", column)


def downgrade() -> None:
    for name in ("wording", "kind"):
        op.drop_column("webhook_endpoints", name)
