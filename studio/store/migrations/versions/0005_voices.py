"""Voices made of recordings, with whose they are; how a take was made; pauses drawn on lines; sweeps over guidance scales; the quality a job asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("takes", sa.Column("made", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("lines", sa.Column("pauses", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("jobs", sa.Column("quality", sa.String(length=16), server_default="", nullable=False))
    _add_reference_voices()
    _add_sweep_points()


def _add_reference_voices() -> None:
    op.create_table(
        "reference_voices",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(length=80), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("speaker_id", sa.String(length=32), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_reference_voices_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_reference_voices"),
        sa.UniqueConstraint("id", name="uq_reference_voices_id"),
    )
    op.create_index("ix_reference_voices_project", "reference_voices", ["project_id", "seq"], unique=False)


def _add_sweep_points() -> None:
    op.create_table(
        "sweep_points",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("face_scale", sa.Float(), nullable=False),
        sa.Column("lip_scale", sa.Float(), nullable=False),
        sa.Column("quality", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_sweep_points_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_sweep_points"),
        sa.UniqueConstraint("project_id", "line_id", "face_scale", "lip_scale", name="uq_sweep_points_place"),
    )
