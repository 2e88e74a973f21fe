"""Presence of candidates, their health samples, and extra time."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("away_since", UtcTime(), nullable=True),
        sa.Column("trouble_since", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_presence_interview_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_presence")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_presence_phase_heard_at"), ["phase", "heard_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_presence_heard_at"), ["heard_at"], unique=False)
    op.create_table(
        "health_samples",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_health_samples_interview_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", "at", name=op.f("pk_health_samples")),
    )
    op.add_column(
        "interviews", sa.Column("time_factor", sa.Float(), server_default="1", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("interviews", "time_factor")
    op.drop_table("health_samples")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_presence_heard_at"))
        batch_op.drop_index(batch_op.f("ix_presence_phase_heard_at"))
    op.drop_table("presence")
