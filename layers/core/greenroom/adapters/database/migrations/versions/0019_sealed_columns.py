"""Room for sealed texts: PostgreSQL holds a column to its length, SQLite does not."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = (
    ("candidates", "name", 200),
    ("candidates", "email", 254),
    ("mails", "recipient", 320),
    ("webhook_endpoints", "secret", 200),
    ("webhook_endpoints", "former_secret", 200),
    ("erasures", "name", 200),
    ("erasures", "email", 254),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column, length in COLUMNS:
            op.alter_column(table, column, existing_type=sa.String(length), type_=sa.Text())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column, length in COLUMNS:
            op.alter_column(table, column, existing_type=sa.Text(), type_=sa.String(length))
