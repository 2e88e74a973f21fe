"""Erasures, erased interviews, legal holds, disposals; what tells of an erasure outlives its interview."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


@contextmanager
def _attempts_aside() -> Iterator[None]:
    """SQLite alters a table by writing it anew, and drops the old one only when no row points to it."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    op.execute("CREATE TEMP TABLE attempts_aside AS SELECT * FROM delivery_attempts")
    op.execute("DELETE FROM delivery_attempts")
    yield
    op.execute("INSERT INTO delivery_attempts SELECT * FROM attempts_aside")
    op.execute("DROP TABLE attempts_aside")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("candidate_salt", sa.String(length=32), nullable=False),
        sa.Column("candidate_sha256", sa.String(length=64), nullable=False),
        sa.Column("held", sa.Text(), server_default="[]", nullable=False),
        sa.Column("policies", sa.Text(), server_default="[]", nullable=False),
        sa.Column("rows_removed", sa.Text(), nullable=True),
        sa.Column("inventory", sa.Text(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("watched_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_state_asked_at", "erasures", ["state", "asked_at"])
    op.create_index("ix_erasures_watched_until", "erasures", ["watched_until"])
    op.create_index("ix_erasures_external_id", "erasures", ["external_id"])
    op.create_table(
        "erased_interviews",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("erasure_id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("discounted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["erasure_id"], ["erasures.id"], name=op.f("fk_erased_interviews_erasure_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_erased_interviews")),
    )
    op.create_index("ix_erased_interviews_erasure_id", "erased_interviews", ["erasure_id"])
    op.create_table(
        "legal_holds",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=120), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_legal_holds_interview_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_legal_holds")),
    )
    op.create_table(
        "disposals",
        sa.Column("interview_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_disposals_interview_id")
        ),
        sa.PrimaryKeyConstraint("interview_id", "kind", name=op.f("pk_disposals")),
    )
    op.create_index("ix_disposals_done_at_due_at", "disposals", ["done_at", "due_at"])
    with op.batch_alter_table("process_log") as batch_op:
        batch_op.drop_constraint("fk_process_log_interview_id", type_="foreignkey")
    with _attempts_aside(), op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_constraint("fk_deliveries_interview_id", type_="foreignkey")


def downgrade() -> None:
    told = "interview_id NOT IN (SELECT id FROM interviews)"
    orphans = f"SELECT event_id FROM deliveries WHERE {told}"  # noqa: S608  (no value from outside)
    op.execute(f"DELETE FROM delivery_attempts WHERE event_id IN ({orphans})")  # noqa: S608
    for table in ("deliveries", "process_log"):
        op.execute(f"DELETE FROM {table} WHERE {told}")  # noqa: S608
    for table in ("process_log", "deliveries"):
        with _attempts_aside(), op.batch_alter_table(table) as batch_op:
            batch_op.create_foreign_key(
                f"fk_{table}_interview_id", "interviews", ["interview_id"], ["id"]
            )
    op.drop_table("disposals")
    op.drop_table("legal_holds")
    op.drop_table("erased_interviews")
    op.drop_table("erasures")
