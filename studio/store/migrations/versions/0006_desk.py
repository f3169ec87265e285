"""The editor's desk: actions that can be undone, notes and review links, shows with what their episodes share, settings of people, kept estimates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("line_edits", sa.Column("subject", sa.String(length=8), server_default="line", nullable=False))
    op.create_index("ix_line_edits_change", "line_edits", ["change_id"], unique=False)
    op.create_index("ix_line_edits_project", "line_edits", ["project_id", "seq"], unique=False)
    op.add_column("projects", sa.Column("show_id", sa.String(length=32), nullable=True))
    op.create_index("ix_projects_show_id", "projects", ["show_id"], unique=False)
    op.add_column("speakers", sa.Column("sheet", sa.JSON(none_as_null=True), nullable=True))
    _add_changes()
    _add_notes()
    _add_review_links()
    _add_members()
    _add_shows()
    _add_user_settings()
    _add_estimates()


def _of_project(table: str, *columns: sa.Column[object]) -> None:
    """A table whose rows belong to a project, in order of arrival, each with an id of its own."""
    op.create_table(
        table,
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=f"fk_{table}_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{table}"),
        sa.UniqueConstraint("id", name=f"uq_{table}_id"),
    )
    op.create_index(f"ix_{table}_project", table, ["project_id", "seq"], unique=False)


def _add_changes() -> None:
    _of_project(
        "changes",
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("undoes", sa.String(length=32), nullable=True),
        sa.Column("undone_by", sa.String(length=32), nullable=True),
    )


def _add_notes() -> None:
    _of_project(
        "notes",
        sa.Column("line_id", sa.String(length=32), nullable=True),
        sa.Column("at_ms", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("reply_to", sa.String(length=32), nullable=True),
        sa.Column("resolved_by", sa.String(length=64), nullable=True),
        sa.Column("resolved_at", sa.String(length=32), nullable=True),
    )


def _add_review_links() -> None:
    _of_project(
        "review_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.UniqueConstraint("token_hash", name="uq_review_links_token_hash"),
    )


def _add_members() -> None:
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_project_members_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["name"], ["users.name"], name="fk_project_members_name"),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_project_members"),
    )
    op.create_index("ix_project_members_name", "project_members", ["name"], unique=False)


def _add_shows() -> None:
    op.create_table(
        "shows",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bible", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["users.name"], name="fk_shows_owner"),
        sa.PrimaryKeyConstraint("seq", name="pk_shows"),
        sa.UniqueConstraint("id", name="uq_shows_id"),
    )
    op.create_index("ix_shows_owner", "shows", ["owner"], unique=False)


def _add_user_settings() -> None:
    op.create_table(
        "user_settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["users.name"], name="fk_user_settings_name"),
        sa.PrimaryKeyConstraint("name", name="pk_user_settings"),
    )


def _add_estimates() -> None:
    op.create_table(
        "estimates",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("speech_ms", sa.Integer(), nullable=False),
        sa.Column("pause_ms", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_estimates"),
    )
    op.create_index("ix_estimates_created_at", "estimates", ["created_at"], unique=False)
