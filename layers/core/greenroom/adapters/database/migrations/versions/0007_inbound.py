"""Lists by job, score, deadline, candidate and flag; API keys that end; request rates; candidate filters."""

import json

import sqlalchemy as sa
from alembic import op

from greenroom.adapters.database.tables import FLAGGED, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_interviews_job_created_at_id": ["job", "created_at", "id"],
    "ix_interviews_job_total_score_id": ["job", "total_score", "id"],
    "ix_interviews_candidate_id_created_at_id": ["candidate_id", "created_at", "id"],
    "ix_interviews_total_score_id": ["total_score", "id"],
    "ix_interviews_deadline_id": ["deadline", "id"],
}


def upgrade() -> None:
    op.add_column(
        "interviews", sa.Column("job", sa.String(length=64), server_default="", nullable=False)
    )
    _name_jobs()
    op.drop_index("ix_interviews_candidate_id_created_at", "interviews")
    for name, columns in INDEXES.items():
        op.create_index(name, "interviews", columns)
    op.create_index(
        "ix_interviews_flagged",
        "interviews",
        ["created_at", "id"],
        sqlite_where=sa.text(FLAGGED),
        postgresql_where=sa.text(FLAGGED),
    )
    op.drop_index("ix_scores_competency_score", "scores")
    op.create_index(
        "ix_scores_competency_score_interview_id", "scores", ["competency", "score", "interview_id"]
    )
    op.add_column(
        "api_keys", sa.Column("signed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("api_keys", sa.Column("expires_at", UtcTime(), nullable=True))
    op.add_column("api_keys", sa.Column("revoked_at", UtcTime(), nullable=True))
    op.add_column("api_keys", sa.Column("replaced_by", sa.String(length=40), nullable=True))
    op.create_table(
        "request_rates",
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("full_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_request_rates")),
    )
    op.create_table(
        "candidate_filters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_filters")),
    )


def _name_jobs() -> None:
    """Earlier interviews are for the job of their batch's plan."""
    connection = op.get_bind()
    batches = sa.table("batches", sa.column("id"), sa.column("plan"))
    interviews = sa.table("interviews", sa.column("batch_id"), sa.column("job"))
    for batch in connection.execute(sa.select(batches)).all():
        job = json.loads(batch.plan)["model"]["id"]
        connection.execute(
            sa.update(interviews).where(interviews.c.batch_id == batch.id).values(job=job)
        )


def downgrade() -> None:
    op.drop_table("candidate_filters")
    op.drop_table("request_rates")
    for column in ("replaced_by", "revoked_at", "expires_at", "signed"):
        op.drop_column("api_keys", column)
    op.drop_index("ix_scores_competency_score_interview_id", "scores")
    op.create_index("ix_scores_competency_score", "scores", ["competency", "score"])
    op.drop_index("ix_interviews_flagged", "interviews")
    for name in INDEXES:
        op.drop_index(name, "interviews")
    op.create_index(
        "ix_interviews_candidate_id_created_at", "interviews", ["candidate_id", "created_at"]
    )
    op.drop_column("interviews", "job")
