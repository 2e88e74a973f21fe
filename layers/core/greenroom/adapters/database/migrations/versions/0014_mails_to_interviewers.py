"""Whom a mail goes to, where that is not the candidate."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("recipient", sa.String(length=320), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "recipient")
