"""Long work as rows: queued, claimed by one worker, kept alive by its heartbeat, finished once. `studio.jobs` runs them.

A project has one job at work at a time, and beside it one of the kinds in BESIDE, which take long and change no line.

A worker is named host:pid:uuid. Whoever reports or finishes a job must still hold it, so a worker that slept through its
heartbeat can no longer change what another has taken over.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from studio.domain.errors import Cancelled, NotFound
from studio.domain.project import Job, JobKind, JobState
from studio.store.database import new_id, reading, utc_now, writing
from studio.store.schema import JOBS
from studio.store.text import storable

HEARTBEAT_LIFE_S = 30.0
MAX_INTERRUPTIONS = 25  # a job that ends its process every time must not do so for ever
BESIDE = (JobKind.FACES,)
_TABLE = JOBS.c
_IS_BESIDE = _TABLE.kind.in_([kind.value for kind in BESIDE])
_QUEUED, _RUNNING = JobState.QUEUED.value, JobState.RUNNING.value
_CANCELLED_TEXT = str(Cancelled())
_INTERRUPTED_TEXT = f"The studio was stopped {MAX_INTERRUPTIONS} times while doing this, so it is not taken up again by itself; see the log, then start it again."


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int
    stage: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; `is_user_error` when a person's input or settings were the cause (exit code 2)."""

    state: JobState
    message: str = ""
    is_user_error: bool = False


def new_worker() -> str:
    """A name for a runner of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{new_id()}"


class JobStore:
    """The jobs table; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, job: Job) -> Job:
        """Queue a job. One of the same kind, lines, force, instruction and quality that still waits in the project is returned instead."""
        with writing(self._engine) as connection:
            for row in connection.execute(_of(job.project_id).where(_TABLE.state == _QUEUED)):
                waiting = _job(row)
                if _work(waiting) == _work(job):
                    return waiting
            queued = replace(job, state=JobState.QUEUED, created_at=utc_now(), finished_at=None)
            connection.execute(insert(JOBS).values(_columns(queued)))
        return queued

    def get(self, job_id: str) -> Job:
        """Raises NotFound. The caller looks at `owner`."""
        with reading(self._engine) as connection:
            return _job(_row(connection, job_id))

    def is_user_error(self, job_id: str) -> bool:
        """Whether a failed job failed for the person's input or settings rather than for a fault of ours."""
        with reading(self._engine) as connection:
            return _row(connection, job_id).is_user_error

    def active(self, project_id: str) -> Job | None:
        """The job at work in a project, else the one that waits first; one that runs beside others only where there is no other."""
        open_jobs = _of(project_id).where(_TABLE.state.in_((_RUNNING, _QUEUED)))
        return self._first(open_jobs.order_by(_IS_BESIDE, _TABLE.state == _QUEUED, _TABLE.seq))

    def running(self, project_id: str, kind: JobKind) -> Job | None:
        """The running job of that kind, whoever runs it."""
        return self._first(_of(project_id).where(_TABLE.state == _RUNNING, _TABLE.kind == kind.value))

    def open_ids(self, project_id: str) -> tuple[str, ...]:
        """Every job of a project that is not over."""
        with reading(self._engine) as connection:
            query = select(_TABLE.id).where(_TABLE.project_id == project_id, _TABLE.state.in_((_RUNNING, _QUEUED)))
            return tuple(connection.execute(query).scalars())

    def latest(self, project_id: str) -> Job | None:
        """The active job, or the one submitted last."""
        active = self.active(project_id)
        return self._first(_of(project_id).order_by(_TABLE.seq.desc())) if active is None else active

    def claim(self, worker: str, only: Collection[str] | None = None, *, is_beside: bool | None = None) -> Job | None:
        """Take a waiting job whose project is idle (one of `only`, if given), in turns by owner; None when there is none.

        `is_beside`: only of the kinds that run beside others, or only of the others; None takes both."""
        if not only and only is not None:
            return None
        query = _claimable(only)
        if is_beside is not None:
            query = query.where(_IS_BESIDE if is_beside else ~_IS_BESIDE)
        with reading(self._engine) as connection:  # cheap: idle workers ask every second and should not write
            if connection.execute(query).first() is None:
                return None
        try:
            with writing(self._engine) as connection:
                return _take(connection, worker, query)
        except IntegrityError:  # another worker was first in this project; the index on running jobs says so
            return None

    def report(self, worker: str, job_id: str, progress: Progress) -> None:
        values = {"done": progress.done, "total": progress.total, "stage": progress.stage, "message": progress.message}
        with writing(self._engine) as connection:
            connection.execute(update(JOBS).where(_held(worker, job_id)).values(heartbeat_s=time.time(), **values))

    def beat(self, worker: str, job_ids: Collection[str]) -> None:
        """Sign of life for jobs of a worker."""
        mine = (_TABLE.worker == worker) & (_TABLE.state == _RUNNING) & _TABLE.id.in_(job_ids)
        with writing(self._engine) as connection:
            connection.execute(update(JOBS).where(mine).values(heartbeat_s=time.time()))

    def to_stop(self, worker: str, job_ids: Collection[str]) -> frozenset[str]:
        """Which of these jobs the worker must let go of: a stop was asked for, or another worker has taken over."""
        query = select(_TABLE.id).where(_TABLE.id.in_(job_ids), _TABLE.worker == worker, _TABLE.state == _RUNNING)
        with reading(self._engine) as connection:
            going_on = set(connection.execute(query.where(_TABLE.is_cancel_asked.is_(False))).scalars())
        return frozenset(set(job_ids) - going_on)

    def finish(self, worker: str, job_id: str, outcome: Outcome) -> bool:
        """End a job; False when the worker no longer held it, and then nothing changed."""
        values = {"state": outcome.state.value, "message": outcome.message, "is_user_error": outcome.is_user_error}
        with writing(self._engine) as connection:
            ended = connection.execute(update(JOBS).where(_held(worker, job_id)).values(finished_at=utc_now(), worker=None, **values))
            return ended.rowcount == 1

    def release(self, worker: str, job_id: str) -> bool:
        """Put a job back into the queue, for the next start; False when it is not held, or its person asked for a stop."""
        wanted = _held(worker, job_id) & _TABLE.is_cancel_asked.is_(False)
        with writing(self._engine) as connection:
            return connection.execute(update(JOBS).where(wanted).values(**_UNHELD)).rowcount == 1

    def ask_cancel(self, job_id: str) -> Job:
        """A waiting job is over at once; a running one is asked to stop. Raises NotFound; a finished one stays as it is."""
        with writing(self._engine) as connection:
            here = _TABLE.id == job_id
            connection.execute(update(JOBS).where(here & (_TABLE.state == _QUEUED)).values(**_cancelled()))
            connection.execute(update(JOBS).where(here & (_TABLE.state == _RUNNING)).values(is_cancel_asked=True))
            return _job(_row(connection, job_id))

    def recover(self, held: Collection[str] = ()) -> int:
        """Queue again what dead workers left running, except the jobs in `held`; returns how many were taken from them.

        Dead is a worker without a heartbeat for HEARTBEAT_LIFE_S, or one of this host whose process is gone.
        """
        query = select(JOBS).where(_TABLE.state == _RUNNING)
        with reading(self._engine) as connection:
            dead = [row for row in connection.execute(query) if row.id not in held and _is_dead(row)]
        return sum(self._take_back(row) for row in dead)

    def _take_back(self, row: Row[Any]) -> bool:
        if row.is_cancel_asked:
            values = _cancelled()
        elif row.interruptions + 1 >= MAX_INTERRUPTIONS:
            values = {"state": JobState.FAILED.value, "message": _INTERRUPTED_TEXT, "finished_at": utc_now(), "worker": None}
        else:
            values = {**_UNHELD, "interruptions": row.interruptions + 1}
        unchanged = _held(row.worker, row.id) & (_TABLE.heartbeat_s <= row.heartbeat_s)
        with writing(self._engine) as connection:
            return connection.execute(update(JOBS).where(unchanged).values(**values)).rowcount == 1

    def _first(self, query: Select[Any]) -> Job | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else _job(row)


def _work(job: Job) -> tuple[JobKind, tuple[str, ...], bool, str, str]:
    """What a job asks for, whoever asks and when."""
    return job.kind, job.line_ids, job.is_forced, job.instruction, job.quality


_UNHELD = {"state": _QUEUED, "worker": None, "heartbeat_s": None}


def _cancelled() -> dict[str, Any]:
    return {"state": JobState.CANCELLED.value, "message": _CANCELLED_TEXT, "finished_at": utc_now(), "worker": None}


def _of(project_id: str) -> Select[Any]:
    return select(JOBS).where(_TABLE.project_id == project_id)


def _held(worker: str, job_id: str) -> Any:
    return (_TABLE.id == job_id) & (_TABLE.worker == worker) & (_TABLE.state == _RUNNING)


def _row(connection: Connection, job_id: str) -> Row[Any]:
    row = connection.execute(select(JOBS).where(_TABLE.id == job_id)).first()
    if row is None:
        raise NotFound("job", job_id)
    return row


def _claimable(only: Collection[str] | None) -> Select[Any]:
    """The job whose turn it is: of a project idle but for work beside it, from the owner who was served longest ago, the oldest."""
    running, served = JOBS.alias(), JOBS.alias()
    runs_beside = running.c.kind.in_([kind.value for kind in BESIDE])
    is_same_sort = or_(and_(runs_beside, _IS_BESIDE), and_(~runs_beside, ~_IS_BESIDE))
    busy = exists().where(running.c.project_id == _TABLE.project_id, running.c.state == _RUNNING, is_same_sort)
    last_turn = select(func.max(served.c.started_at)).where(served.c.owner == _TABLE.owner).scalar_subquery()
    query = select(_TABLE.id).where(_TABLE.state == _QUEUED, ~busy)
    if only is not None:
        query = query.where(_TABLE.id.in_(only))
    return query.order_by(last_turn.nulls_first(), _TABLE.seq).limit(1)


def _take(connection: Connection, worker: str, query: Select[Any]) -> Job | None:
    job_id = connection.execute(query).scalar_one_or_none()
    if job_id is None:
        return None
    waiting = (_TABLE.id == job_id) & (_TABLE.state == _QUEUED)
    values = {"state": _RUNNING, "worker": worker, "heartbeat_s": time.time(), "started_at": utc_now()}
    if connection.execute(update(JOBS).where(waiting).values(**values)).rowcount == 0:
        return None
    return _job(_row(connection, job_id))


def _is_dead(row: Row[Any]) -> bool:
    if row.heartbeat_s < time.time() - HEARTBEAT_LIFE_S:
        return True
    host, pid, _ = row.worker.rsplit(":", 2)
    return host == socket.gethostname() and not _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _columns(job: Job) -> dict[str, Any]:
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
    }


def _job(row: Row[Any]) -> Job:
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
    )
