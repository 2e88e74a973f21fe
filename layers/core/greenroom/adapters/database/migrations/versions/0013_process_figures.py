"""What process figures are counted from: an index of the steps of the funnel, and what became of each attempt."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FUNNEL = (
    "type IN ('interview.invited', 'mail.opened', 'mail.clicked', 'interview.opened', 'checks.passed',"
    " 'interview.started', 'interview.submitted')"
)
BADNESS = ("complete", "gaps", "refused")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("assembled", sa.String(length=16), nullable=True))
    op.add_column("attempts", sa.Column("lost_ms", sa.Integer(), nullable=True))
    op.create_index(
        "ix_process_log_funnel",
        "process_log",
        ["interview_id", "type", "at"],
        sqlite_where=sa.text(FUNNEL),
        postgresql_where=sa.text(FUNNEL),
    )
    _copy_outcomes(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_process_log_funnel", table_name="process_log")
    op.drop_column("attempts", "lost_ms")
    op.drop_column("attempts", "assembled")


def _copy_outcomes(connection: sa.Connection) -> None:
    """What the process log says of attempts that were assembled before there were columns for it."""
    logged = connection.execute(
        sa.text("SELECT interview_id, event FROM process_log WHERE type = 'answer.assembled'")
    ).all()
    outcomes = []
    for interview, body in logged:
        details = json.loads(body)["data"]["details"]
        outcomes.append(
            {
                "interview": interview,
                "answer": details["answer"],
                "attempt": details["attempt"],
                "assembled": max(details["tracks"].values(), key=BADNESS.index),
                "lost_ms": details["lost_ms"],
            }
        )
    if outcomes:
        connection.execute(
            sa.text(
                "UPDATE attempts SET assembled = :assembled, lost_ms = :lost_ms"
                " WHERE interview_id = :interview AND answer_id = :answer AND attempt = :attempt"
            ),
            outcomes,
        )
