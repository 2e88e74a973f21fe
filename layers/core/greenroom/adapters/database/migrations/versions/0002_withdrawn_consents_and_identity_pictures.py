"""Withdrawn consents and identity pictures."""

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_pictures",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("picture", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_identity_pictures_interview_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", "picture", name=op.f("pk_identity_pictures")),
    )
    with op.batch_alter_table("identity_pictures", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_pictures_state_due_at"), ["state", "due_at"], unique=False
        )
    with op.batch_alter_table("interviews", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", UtcTime(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_interviews_withdrawn_at"), ["withdrawn_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("interviews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interviews_withdrawn_at"))
        batch_op.drop_column("withdrawn_at")
    with op.batch_alter_table("identity_pictures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_pictures_state_due_at"))

    op.drop_table("identity_pictures")
