"""Long work as rows: queued, claimed by one worker, kept alive by its heartbeat, finished once. `studio.jobs` runs them.

A project has one job at work at a time, and beside it one of the kinds in BESIDE, which take long and change no line. Whose turn it is
stands in `turns.py`.

A worker is named host:pid:key (`job_rows.numbering`, then a uuid). Whoever reports or finishes a job must still hold it, so a worker that slept through its
heartbeat can no longer change what another has taken over.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from studio.domain.errors import BadSetting, Cancelled, QueueFull
from studio.domain.project import BESIDE, Job, JobKind, JobState
from studio.domain.queue import Lane, moved
from studio.store.database import new_id, reading, utc_now, writing
from studio.store.job_rows import IS_BESIDE, QUEUED, RUNNING, TABLE, columns_of, is_gone, job_of, job_row, numbering
from studio.store.line_rows import hold_project
from studio.store.projects import hold_people
from studio.store.schema import JOBS
from studio.store.turns import may_begin, next_job, own_waiting, queue_settings, waiting_count

HEARTBEAT_LIFE_S = 30.0
MAX_INTERRUPTIONS = 25  # a job that ends its process every time must not do so for ever
CLAIM_TRIES = 3  # another worker may take the same job in the same moment
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
    """How a job ended; `is_user_error` when a person's input or settings were the cause (exit code 2), `is_passing` when a fault was that the next
    try may not meet."""

    state: JobState
    message: str = ""
    is_user_error: bool = False
    is_passing: bool = False


def new_worker() -> str:
    """A name for a runner of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{numbering()}{new_id()}"


class JobStore:
    """The jobs table; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, job: Job, *, is_limited: bool = True) -> Job:
        """Queue a job. One of the same kind, lines, force, instruction and quality that still waits in the project is returned instead.

        Raises NotFound where the project is gone, QueueFull where its owner has as many waiting as one may have; `is_limited` False: however
        many those are."""
        with writing(self._engine) as connection:
            hold_project(connection, job.project_id)  # or two servers would each find no twin
            for row in connection.execute(_of(job.project_id).where(TABLE.state == QUEUED)):
                if _work(job_of(row)) == _work(job):
                    return _hastened(connection, row, job)
            if is_limited and not job.is_batch:  # a catalogue puts in as many as it does at once
                hold_people(connection, job.owner)  # or two servers would each find room for one more
                _check_room(connection, job.owner)
            queued = replace(job, state=JobState.QUEUED, created_at=utc_now(), finished_at=None)
            connection.execute(insert(JOBS).values(columns_of(queued)))
        return queued

    def get(self, job_id: str) -> Job:
        """Raises NotFound. The caller looks at `owner`."""
        with reading(self._engine) as connection:
            return job_of(job_row(connection, job_id))

    def is_user_error(self, job_id: str) -> bool:
        """Whether a failed job failed for the person's input or settings rather than for a fault of ours."""
        with reading(self._engine) as connection:
            return job_row(connection, job_id).is_user_error

    def active(self, project_id: str) -> Job | None:
        """The job at work in a project, else the one that waits first; one that runs beside others only where there is no other."""
        open_jobs = _of(project_id).where(TABLE.state.in_((RUNNING, QUEUED)))
        return self._first(open_jobs.order_by(IS_BESIDE, TABLE.state == QUEUED, TABLE.seq))

    def running(self, project_id: str, kind: JobKind) -> Job | None:
        """The running job of that kind, whoever runs it."""
        return self._first(_of(project_id).where(TABLE.state == RUNNING, TABLE.kind == kind.value))

    def open_ids(self, project_id: str) -> tuple[str, ...]:
        """Every job of a project that is not over."""
        with reading(self._engine) as connection:
            query = select(TABLE.id).where(TABLE.project_id == project_id, TABLE.state.in_((RUNNING, QUEUED)))
            return tuple(connection.execute(query).scalars())

    def latest(self, project_id: str) -> Job | None:
        """The active job, or the one submitted last."""
        is_open = TABLE.state.in_((RUNNING, QUEUED))
        last = select(func.max(TABLE.seq)).where(TABLE.project_id == project_id).scalar_subquery()
        return self._first(_of(project_id).where(is_open | (TABLE.seq == last)).order_by(~is_open, is_open & IS_BESIDE, TABLE.state == QUEUED, TABLE.seq))

    def claim(self, worker: str, only: Collection[str] | None = None, *, lane: Lane | None = None) -> Job | None:
        """Take the waiting job whose turn it is (`domain/queue.py`), of a project that is idle; None when there is none.

        `only`: one of these, whatever their owners' limits; `lane`: only what that lane takes, None: anything."""
        if not only and only is not None:
            return None
        for _ in range(CLAIM_TRIES):
            with reading(self._engine) as connection:  # cheap: idle workers ask every second and should not write
                if next_job(connection, lane, only) is None:
                    return None
            try:
                with writing(self._engine) as connection:
                    job_id = next_job(connection, lane, only)
                    taken = None if job_id is None else _take(connection, worker, job_id, is_limited=only is None)
            except IntegrityError:  # another worker was first in this project; the index on running jobs says so
                continue
            if taken is not None:
                return taken
        return None

    def report(self, worker: str, job_id: str, progress: Progress) -> None:
        values = {"done": progress.done, "total": progress.total, "stage": progress.stage, "message": progress.message}
        with writing(self._engine) as connection:
            connection.execute(update(JOBS).where(_held(worker, job_id)).values(heartbeat_s=time.time(), **values))

    def beat(self, worker: str, job_ids: Collection[str]) -> None:
        """Sign of life for jobs of a worker."""
        mine = (TABLE.worker == worker) & (TABLE.state == RUNNING) & TABLE.id.in_(job_ids)
        with writing(self._engine) as connection:
            connection.execute(update(JOBS).where(mine).values(heartbeat_s=time.time()))

    def to_stop(self, worker: str, job_ids: Collection[str]) -> frozenset[str]:
        """Which of these jobs the worker must let go of: a stop was asked for, or another worker has taken over."""
        query = select(TABLE.id).where(TABLE.id.in_(job_ids), TABLE.worker == worker, TABLE.state == RUNNING)
        with reading(self._engine) as connection:
            going_on = set(connection.execute(query.where(TABLE.is_cancel_asked.is_(False))).scalars())
        return frozenset(set(job_ids) - going_on)

    def to_make_way(self, worker: str, job_ids: Collection[str]) -> frozenset[str]:
        """Which of these jobs keep more urgent work of the same project waiting."""
        urgent = JOBS.alias()
        waits = exists().where(urgent.c.project_id == TABLE.project_id, urgent.c.state == QUEUED, urgent.c.priority < TABLE.priority)
        waits = waits.where(urgent.c.kind.not_in([kind.value for kind in BESIDE]))
        query = select(TABLE.id).where(TABLE.id.in_(job_ids), TABLE.worker == worker, TABLE.state == RUNNING, ~IS_BESIDE, waits)
        with reading(self._engine) as connection:
            return frozenset(connection.execute(query).scalars())

    def hold_up(self, worker: str, job_id: str, why: str) -> None:
        """Say what a running job waits for, "" for nothing any more."""
        with writing(self._engine) as connection:
            connection.execute(update(JOBS).where(_held(worker, job_id)).values(waiting_for=why))

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another of the same owner and urgency, None: behind all of those. Raises NotFound, and BadSetting where
        either is not such a job."""
        with writing(self._engine) as connection:
            row = job_row(connection, job_id)
            own = own_waiting(connection, row.owner, row.priority)
            ids = [one.id for one in own]
            if job_id not in ids or (before is not None and before not in ids):
                raise BadSetting("Only work that waits can be moved, among your own of the same kind; it may have begun meanwhile.")
            order = ids if before == job_id else moved(ids, job_id, before)
            for place, moved_id in zip((one.place for one in own), order, strict=True):
                connection.execute(update(JOBS).where(TABLE.id == moved_id).values(place=float(place)))

    def finish(self, worker: str, job_id: str, outcome: Outcome) -> bool:
        """End a job; False when the worker no longer held it, and then nothing changed."""
        values = {"state": outcome.state.value, "message": outcome.message, "is_user_error": outcome.is_user_error}
        with writing(self._engine) as connection:
            ended = connection.execute(update(JOBS).where(_held(worker, job_id)).values(finished_at=utc_now(), worker=None, waiting_for="", **values))
            return ended.rowcount == 1

    def release(self, worker: str, job_id: str, *, is_interrupted: bool = False) -> bool:
        """Put a job back into the queue, for the next start; False when it is not held, or its person asked for a stop. `is_interrupted`: by a fault
        of ours, which is counted; False as well when there were MAX_INTERRUPTIONS of them."""
        wanted = _held(worker, job_id) & TABLE.is_cancel_asked.is_(False)
        count = TABLE.interruptions + int(is_interrupted)
        with writing(self._engine) as connection:
            query = update(JOBS).where(wanted, count < MAX_INTERRUPTIONS).values(**_UNHELD, interruptions=count, heartbeat_s=time.time())
            return connection.execute(query).rowcount == 1

    def ask_cancel(self, job_id: str) -> Job:
        """A waiting job is over at once; a running one is asked to stop. Raises NotFound; a finished one stays as it is."""
        with writing(self._engine) as connection:
            here = TABLE.id == job_id
            connection.execute(update(JOBS).where(here & (TABLE.state == QUEUED)).values(**_cancelled()))
            connection.execute(update(JOBS).where(here & (TABLE.state == RUNNING)).values(is_cancel_asked=True))
            return job_of(job_row(connection, job_id))

    def recover(self, held: Collection[str] = ()) -> int:
        """Queue again what dead workers left running, except the jobs in `held`; returns how many were taken from them.

        Dead is a worker without a heartbeat for HEARTBEAT_LIFE_S, or one of this host whose process is gone.
        """
        query = select(JOBS).where(TABLE.state == RUNNING)
        with reading(self._engine) as connection:
            dead = [row for row in connection.execute(query) if row.id not in held and _is_dead(row)]
        return sum(self._take_back(row) for row in dead)

    def _take_back(self, row: Row[Any]) -> bool:
        if row.is_cancel_asked:
            values = _cancelled()
        elif row.interruptions + 1 >= MAX_INTERRUPTIONS:
            values = {"state": JobState.FAILED.value, "message": _INTERRUPTED_TEXT, "finished_at": utc_now(), "worker": None, "waiting_for": ""}
        else:
            values = {**_UNHELD, "interruptions": row.interruptions + 1}
        unchanged = _held(row.worker, row.id) & (TABLE.heartbeat_s <= row.heartbeat_s)
        with writing(self._engine) as connection:
            return connection.execute(update(JOBS).where(unchanged).values(**values)).rowcount == 1

    def _first(self, query: Select[Any]) -> Job | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else job_of(row)


def _work(job: Job) -> tuple[JobKind, tuple[str, ...], bool, str, str]:
    """What a job asks for, whoever asks and when."""
    return job.kind, job.line_ids, job.is_forced, job.instruction, job.quality


_UNHELD = {"state": QUEUED, "worker": None, "waiting_for": ""}  # the last sign of life stays: since then it waits again


def _cancelled() -> dict[str, Any]:
    return {"state": JobState.CANCELLED.value, "message": _CANCELLED_TEXT, "finished_at": utc_now(), "worker": None, "waiting_for": ""}


def _of(project_id: str) -> Select[Any]:
    return select(JOBS).where(TABLE.project_id == project_id)


def _held(worker: str, job_id: str) -> Any:
    return (TABLE.id == job_id) & (TABLE.worker == worker) & (TABLE.state == RUNNING)


def _take(connection: Connection, worker: str, job_id: str, *, is_limited: bool) -> Job | None:
    if is_limited:
        row = job_row(connection, job_id)
        hold_people(connection, row.owner)  # another lane or server may have begun one of theirs since this was chosen
        if not may_begin(connection, row.owner, row.priority):
            return None
    waiting = (TABLE.id == job_id) & (TABLE.state == QUEUED)
    values = {"state": RUNNING, "worker": worker, "heartbeat_s": time.time(), "started_at": utc_now()}
    if connection.execute(update(JOBS).where(waiting).values(**values)).rowcount == 0:
        return None
    return job_of(job_row(connection, job_id))


def _hastened(connection: Connection, row: Row[Any], job: Job) -> Job:
    """The job that waits, as urgent as the one asked for."""
    if job.priority < row.priority:
        connection.execute(update(JOBS).where(TABLE.id == row.id).values(priority=int(job.priority), place=None))
    return job_of(job_row(connection, row.id))


def _check_room(connection: Connection, owner: str) -> None:
    most = queue_settings(connection).max_waiting_jobs
    if waiting_count(connection, owner) >= most:
        raise QueueFull(f"You have {most} jobs waiting, and nobody may have more here. Wait until one has begun, or take one out of the queue.")


def _is_dead(row: Row[Any]) -> bool:
    return row.heartbeat_s < time.time() - HEARTBEAT_LIFE_S or is_gone(row.worker)
