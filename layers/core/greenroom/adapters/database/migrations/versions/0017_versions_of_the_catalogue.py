"""What a template, a competency model or a question of the bank said before, and the company's own questions."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_questions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "catalogue_versions",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("kind", "document_id", "number"),
    )
    op.execute(
        "INSERT INTO catalogue_versions (kind, document_id, number, body, saved_at, saved_by) "
        "SELECT 'template', id, 1, body, saved_at, '' FROM templates"
    )
    op.execute(
        "INSERT INTO catalogue_versions (kind, document_id, number, body, saved_at, saved_by) "
        "SELECT 'competency_model', id, 1, body, saved_at, '' FROM competency_models"
    )


def downgrade() -> None:
    op.drop_table("catalogue_versions")
    op.drop_table("bank_questions")
