"""Follow-ups that were offered in an interview."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "interviews", sa.Column("follow_ups", sa.Text(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("interviews", "follow_ups")
