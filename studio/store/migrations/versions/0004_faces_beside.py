"""Looking for faces runs beside the other work of a project: one running job of each of the two sorts, no longer one in all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("uq_jobs_running", table_name="jobs")
    _one_at_a_time("uq_jobs_running", "state = 'running' AND kind != 'faces'")
    _one_at_a_time("uq_jobs_looking", "state = 'running' AND kind = 'faces'")


def _one_at_a_time(name: str, where: str) -> None:
    op.create_index(name, "jobs", ["project_id"], unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
