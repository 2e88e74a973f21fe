"""The last points of each interview's health, for spark lines."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("presence", sa.Column("recent", sa.Text(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("presence", "recent")
