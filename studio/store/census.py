"""The database seen from above: counts for metrics, jobs and GPUs for the administrator. Reads only, and reads no texts."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Row, case, func, select

from studio.domain.operations import Census, JobSeen, LeaseSeen
from studio.domain.project import JobState
from studio.domain.queue import Priority
from studio.store.database import reading, utc_now
from studio.store.leases import LEASE_LIFE_S
from studio.store.migrate import stored_version
from studio.store.schema import BLOB_SIZES, GPU_LEASES, JOBS, PROJECTS, SCHEMA_VERSION, SESSIONS, UPLOADS, USERS

_QUEUED, _RUNNING = JobState.QUEUED.value, JobState.RUNNING.value
MAX_JOBS_SEEN = 500


class CensusStore:
    """Looks over every table; each method is a few queries that an index answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def schema(self) -> tuple[str | None, str]:
        """The schema stored, and the one this program needs."""
        return stored_version(self._engine), SCHEMA_VERSION

    def take(self) -> Census:
        """Everything there is to count, as of now."""
        now = datetime.now(UTC)
        with reading(self._engine) as connection:
            waiting: Counter[str] = Counter()
            running: Counter[str] = Counter()
            longest: dict[str, float] = {}
            fresh = case((JOBS.c.heartbeat_s.is_(None), JOBS.c.created_at))
            ages = func.min(fresh).label("first"), func.min(JOBS.c.heartbeat_s).label("put_back_s")
            queue = select(JOBS.c.priority, JOBS.c.state, func.count().label("jobs"), *ages)
            for row in connection.execute(queue.where(JOBS.c.state.in_((_QUEUED, _RUNNING))).group_by(JOBS.c.priority, JOBS.c.state)):
                name = priority_name(row.priority)
                (waiting if row.state == _QUEUED else running)[name] += row.jobs
                if row.state == _QUEUED:
                    put_back_s = 0.0 if row.put_back_s is None else now.timestamp() - row.put_back_s
                    longest[name] = max(longest.get(name, 0.0), put_back_s, 0.0 if row.first is None else _age_s(row.first, now))
            roles = connection.execute(select(USERS.c.role, func.count()).where(USERS.c.disabled_at.is_(None)).group_by(USERS.c.role))
            uploads = select(func.count(), func.coalesce(func.sum(UPLOADS.c.size_bytes), 0)).where(UPLOADS.c.blob.is_(None))
            open_uploads = connection.execute(uploads).one()
            blobs = connection.execute(select(func.count(), func.coalesce(func.sum(BLOB_SIZES.c.size_bytes), 0))).one()
            in_bin = PROJECTS.c.deleted_at.is_not(None)
            return Census(
                schema=SCHEMA_VERSION,
                waiting=dict(waiting),
                running=dict(running),
                longest_wait_s=longest,
                users=dict(roles.all()),
                sessions=connection.scalar(select(func.count()).select_from(SESSIONS).where(SESSIONS.c.expires_at > utc_now())) or 0,
                projects=connection.scalar(select(func.count()).select_from(PROJECTS).where(~in_bin)) or 0,
                projects_in_bin=connection.scalar(select(func.count()).select_from(PROJECTS).where(in_bin)) or 0,
                uploads=open_uploads[0],
                upload_bytes=int(open_uploads[1]),
                blobs=blobs[0],
                blob_bytes=int(blobs[1]),
            )

    def jobs(self) -> tuple[JobSeen, ...]:
        """Jobs at work, then those that wait, the oldest first; at most MAX_JOBS_SEEN."""
        now = datetime.now(UTC)
        query = select(JOBS).where(JOBS.c.state.in_((_QUEUED, _RUNNING)))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(JOBS.c.state == _QUEUED, JOBS.c.priority, JOBS.c.seq).limit(MAX_JOBS_SEEN))
            return tuple(_job(row, now) for row in rows)

    def leases(self) -> tuple[LeaseSeen, ...]:
        """Every GPU that was ever lent, and who holds it; a lease without a heartbeat is nobody's."""
        now_s = time.time()
        with reading(self._engine) as connection:
            rows = connection.execute(select(GPU_LEASES).order_by(GPU_LEASES.c.device)).all()
        return tuple(_lease(row, now_s) for row in rows)


def priority_name(value: int) -> str:
    """The word of a priority, such as "desk"; the number where nobody knows it."""
    try:
        return Priority(value).name.lower()
    except ValueError:
        return str(value)


def _lease(row: Row[Any], now_s: float) -> LeaseSeen:
    if row.worker is None or (row.heartbeat_s or 0.0) < now_s - LEASE_LIFE_S:
        return LeaseSeen(row.device, None, None, None)
    return LeaseSeen(row.device, row.worker, row.job_id, max(0.0, now_s - (row.since_s or now_s)))


def _job(row: Row[Any], now: datetime) -> JobSeen:
    return JobSeen(
        id=row.id,
        project_id=row.project_id,
        owner=row.owner,
        kind=row.kind,
        state=row.state,
        priority=priority_name(row.priority),
        lines=len(row.line_ids),
        done=row.done,
        total=row.total,
        stage=row.stage,
        waiting_for=row.waiting_for or "",
        worker=row.worker,
        age_s=_age_s(row.started_at if row.state == _RUNNING and row.started_at is not None else row.created_at, now),
    )


def _age_s(since: str | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - datetime.fromisoformat(since)).total_seconds())
