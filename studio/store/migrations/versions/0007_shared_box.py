"""The shared box: accounts and logins, roles, the trail, files on their way in, sizes of files, processes and the GPUs they hold, turns of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
_ADDED = {
    "users": ("role", "password_hash", "disabled_at", "quota_bytes"),
    "projects": ("deleted_by",),
    "project_members": ("role",),
    "jobs": ("priority", "place", "waiting_for"),
}
_MADE = ("sessions", "login_attempts", "server_values", "audit", "uploads", "blob_sizes", "workers", "gpu_leases")


def upgrade() -> None:
    _widen()
    _add_logins()
    _add_trail()
    _add_files()
    _add_processes()


def downgrade() -> None:
    """Back to 0006: accounts, logins and the trail are gone; projects, lines and takes stay."""
    for table in _MADE:
        op.drop_table(table)
    for table, names in _ADDED.items():
        for name in names:
            op.drop_column(table, name)


def _widen() -> None:
    op.add_column("users", sa.Column("role", sa.String(length=16), server_default="editor", nullable=False))
    op.add_column("users", sa.Column("password_hash", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("disabled_at", sa.String(length=32), nullable=True))
    op.add_column("users", sa.Column("quota_bytes", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("deleted_by", sa.String(length=64), nullable=True))
    op.add_column("project_members", sa.Column("role", sa.String(length=16), server_default="editor", nullable=False))
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="10", nullable=False))
    op.add_column("jobs", sa.Column("place", sa.Float(), nullable=True))
    op.add_column("jobs", sa.Column("waiting_for", sa.Text(), server_default="", nullable=False))


def _add_logins() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_sessions_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"], unique=False)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since_s", sa.Float(), nullable=False),
        sa.Column("blocked_until_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_attempts"),
    )
    op.create_table(
        "server_values",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_values"),
    )


def _add_trail() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_project", "audit", ["project_id", "seq"], unique=False)
    op.create_index("ix_audit_user", "audit", ["user", "seq"], unique=False)


def _add_files() -> None:
    op.create_table(
        "uploads",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("touched_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["users.name"], name="fk_uploads_owner"),
        sa.PrimaryKeyConstraint("seq", name="pk_uploads"),
        sa.UniqueConstraint("id", name="uq_uploads_id"),
    )
    op.create_index("ix_uploads_owner", "uploads", ["owner"], unique=False)
    op.create_table(
        "blob_sizes",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_blob_sizes"),
    )


def _add_processes() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("devices", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("heartbeat_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "gpu_leases",
        sa.Column("device", sa.String(length=128), nullable=False),
        sa.Column("worker", sa.String(length=320), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("since_s", sa.Float(), nullable=True),
        sa.Column("heartbeat_s", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("device", name="pk_gpu_leases"),
    )
