"""Which pages of the console are open now: recorders report more often while the monitoring page is."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watched_pages",
        sa.Column("page", sa.String(20), primary_key=True),
        sa.Column("until", UtcTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("watched_pages")
