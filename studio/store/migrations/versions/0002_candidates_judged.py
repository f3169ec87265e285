"""What a wording is judged by (likelihood, back-translation, glossary, slot), and the instruction of a job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("candidates", sa.Column("likelihood", sa.Float(), nullable=True))
    op.add_column("candidates", sa.Column("back_translation", sa.Text(), nullable=True))
    op.add_column("candidates", sa.Column("missed_terms", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("candidates", sa.Column("slot_penalty", sa.Float(), nullable=True))
    op.add_column("jobs", sa.Column("instruction", sa.Text(), server_default="", nullable=False))
