"""The first schema: users, projects with an owner, lines with their history, takes, stage results, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_users()
    _create_projects()
    _create_speakers()
    _create_lines()
    _create_line_edits()
    _create_candidates()
    _create_takes()
    _create_stage_results()
    _create_imports()
    _create_jobs()


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source_language", sa.String(length=8), nullable=False),
        sa.Column("target_language", sa.String(length=8), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("source", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bed_blob", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("deleted_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["users.name"], name="fk_projects_owner"),
        sa.PrimaryKeyConstraint("seq", name="pk_projects"),
        sa.UniqueConstraint("id", name="uq_projects_id"),
    )
    op.create_index("ix_projects_owner", "projects", ["owner"], unique=False)


def _create_speakers() -> None:
    op.create_table(
        "speakers",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("voice", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pitch_hz", sa.Float(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_speakers_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_speakers"),
    )


def _create_lines() -> None:
    op.create_table(
        "lines",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("speaker_id", sa.String(length=32), nullable=False),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.Column("target_text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("voice", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("guidance", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("take_id", sa.String(length=32), nullable=True),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id", "speaker_id"], ["speakers.project_id", "speakers.id"], name="fk_lines_speaker"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_lines_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_lines"),
    )
    op.create_index("ix_lines_place", "lines", ["project_id", "start_ms", "end_ms", "ordinal"], unique=False)


def _create_line_edits() -> None:
    op.create_table(
        "line_edits",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("change_id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_line_edits_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_line_edits"),
    )
    op.create_index("ix_line_edits_line", "line_edits", ["project_id", "line_id", "seq"], unique=False)


def _create_candidates() -> None:
    op.create_table(
        "candidates",
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("prediction", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_candidates_line_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("line_id", "id", name="pk_candidates"),
    )


def _create_takes() -> None:
    op.create_table(
        "takes",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("voice", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("engine_version", sa.String(length=128), nullable=False),
        sa.Column("raw_blob", sa.String(length=80), nullable=False),
        sa.Column("fitted_blob", sa.String(length=80), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_takes_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_takes"),
        sa.UniqueConstraint("id", name="uq_takes_id"),
    )
    op.create_index("ix_takes_fingerprint", "takes", ["project_id", "fingerprint"], unique=False)
    op.create_index("ix_takes_line", "takes", ["project_id", "line_id", "seq"], unique=False)


def _create_stage_results() -> None:
    op.create_table(
        "stage_results",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("peak_memory_mb", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_stage_results_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_stage_results"),
        sa.UniqueConstraint("project_id", "stage", "unit", name="uq_stage_results_unit"),
    )


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=True),
        sa.Column("encoding", sa.String(length=32), nullable=True),
        sa.Column("skipped", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_imports_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_imports"),
    )
    op.create_index("ix_imports_project", "imports", ["project_id", "seq"], unique=False)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("line_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        sa.Column("is_cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("is_user_error", sa.Boolean(), nullable=False),
        sa.Column("interruptions", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=320), nullable=True),
        sa.Column("heartbeat_s", sa.Float(), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=True),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_jobs_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
    )
    op.create_index("ix_jobs_project", "jobs", ["project_id", "seq"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state", "seq"], unique=False)
    op.create_index(
        "uq_jobs_running",
        "jobs",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
