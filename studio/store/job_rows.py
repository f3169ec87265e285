"""Rows of the jobs table to records and back, and the queries that several files ask of it."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from studio.domain.errors import NotFound
from studio.domain.project import BESIDE, Job, JobKind, JobState
from studio.domain.queue import Priority
from studio.store.schema import JOBS
from studio.store.text import storable

TABLE = JOBS.c
IS_BESIDE = TABLE.kind.in_([kind.value for kind in BESIDE])
QUEUED, RUNNING = JobState.QUEUED.value, JobState.RUNNING.value


def job_row(connection: Connection, job_id: str) -> Row[Any]:
    """Raises NotFound."""
    row = connection.execute(select(JOBS).where(TABLE.id == job_id)).first()
    if row is None:
        raise NotFound("job", job_id)
    return row


def is_same_host(worker: str) -> bool:
    return worker.rsplit(":", 2)[0] == socket.gethostname()


def is_gone(worker: str) -> bool:
    """Whether a worker was a process of this host that is there no more; of other hosts only their heartbeat tells."""
    _, pid, key = worker.rsplit(":", 2)
    return is_same_host(worker) and key.startswith(numbering()) and not _is_alive(int(pid))


def numbering() -> str:
    """8 hex digits for where process numbers mean the same: machines and containers may share a host's name. "" where nobody can tell."""
    try:
        told = Path("/proc/sys/kernel/random/boot_id").read_text("ascii") + os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def columns_of(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "project_id": job.project_id,
        "owner": job.owner,
        "kind": job.kind.value,
        "state": job.state.value,
        "line_ids": list(job.line_ids),
        "done": job.done,
        "total": job.total,
        "stage": job.stage,
        "message": job.message,
        "instruction": storable(job.instruction, "The instruction"),
        "quality": job.quality,
        "is_forced": job.is_forced,
        "is_cancel_asked": False,
        "is_user_error": False,
        "interruptions": 0,
        "created_at": job.created_at,
        "priority": int(job.priority),
        "waiting_for": "",
    }


def job_of(row: Row[Any]) -> Job:
    return Job(
        row.id,
        row.project_id,
        row.owner,
        JobKind(row.kind),
        JobState(row.state),
        tuple(row.line_ids),
        row.done,
        row.total,
        row.stage,
        row.message,
        row.is_forced,
        row.created_at,
        row.finished_at,
        row.instruction,
        row.quality,
        row.priority >= Priority.BATCH,
        row.waiting_for,
    )
