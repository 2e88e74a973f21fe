"""Mappings and policies of the company's own; interviews whose scoring waits for a notice to run out; decisions."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mappings",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_mappings"),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_policies"),
    )
    op.add_column("interviews", sa.Column("scored_from", UtcTime(), nullable=True))
    op.create_table(
        "decisions",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name="fk_decisions_interview_id"
        ),
        sa.PrimaryKeyConstraint("interview_id", "number", name="pk_decisions"),
    )


def downgrade() -> None:
    op.drop_table("decisions")
    op.drop_column("interviews", "scored_from")
    op.drop_table("policies")
    op.drop_table("mappings")
