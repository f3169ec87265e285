"""GPUs are lent to one job at a time, whichever process runs it: one row a device. Devices and a job in, a lent device out.

Who waits is known from `jobs.waiting_for`. More urgent work goes first, and who held a device last lets others of the same urgency go first, for a
moment: who waits may be after another device. A lease without a heartbeat, or of a process that is gone, is nobody's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from studio.store.database import reading, writing
from studio.store.job_rows import RUNNING, TABLE, is_gone
from studio.store.schema import GPU_LEASES, WORKERS

LEASE_LIFE_S = 30.0
COURTESY_S = 2.0  # who waits asks several times a second; a device left longer is one that they cannot use
WAITS_FOR_GPU = "It waits for a GPU, which more urgent work or somebody else has just now."
_LEASE = GPU_LEASES.c


@dataclass(frozen=True, slots=True)
class Borrower:
    """A job that runs, and who runs it. `is_tired`: it has waited so long that it lets nobody go first any more."""

    worker: str
    job_id: str
    priority: int
    is_tired: bool = False


class LeaseStore:
    """The gpu_leases table; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lend(self, borrower: Borrower, devices: Sequence[str]) -> str | None:
        """One of these devices, the first that is free; None where each is taken, or others go first."""
        with reading(self._engine) as connection:  # cheap: who waits asks several times a second and should not write
            if _choice(connection, borrower, devices) is None:
                return None
        try:
            with writing(self._engine) as connection:
                chosen = _choice(connection, borrower, devices)
                return chosen if chosen is not None and _taken(connection, borrower, chosen) else None
        except IntegrityError:  # another process entered the device in this moment
            return None

    def give_back(self, worker: str, job_id: str) -> None:
        """The device is free; who had it last stays known. Nothing where the job holds none."""
        with writing(self._engine) as connection:
            connection.execute(update(GPU_LEASES).where(_of(worker, job_id)).values(worker=None, since_s=time.time(), heartbeat_s=None))

    def beat(self, worker: str, job_ids: Collection[str]) -> None:
        held = (_LEASE.worker == worker) & _LEASE.job_id.in_(job_ids)
        with writing(self._engine) as connection:
            connection.execute(update(GPU_LEASES).where(held).values(heartbeat_s=time.time()))

    def is_held(self, worker: str, job_id: str) -> bool:
        with reading(self._engine) as connection:
            return connection.execute(select(_LEASE.device).where(_of(worker, job_id))).first() is not None

    def is_wanted(self, borrower: Borrower, held_s: float, slice_s: float) -> bool:
        """Whether a job should pass its device on: to more urgent work at once, to work of the same urgency after a slice of time."""
        with reading(self._engine) as connection:
            waiting = _waiting(connection, borrower)
        return any(row.priority < borrower.priority or (row.priority == borrower.priority and held_s >= slice_s) for row in waiting)


def _choice(connection: Connection, borrower: Borrower, devices: Sequence[str]) -> str | None:
    rows = {row.device: row for row in connection.execute(select(GPU_LEASES).where(_LEASE.device.in_(devices)))}
    free = [device for device in devices if device not in rows or _is_free(rows[device], borrower)]
    if not free or borrower.is_tired:
        return free[0] if free else None
    before = [row.priority for row in _waiting(connection, borrower)]
    is_urgent, others = any(priority < borrower.priority for priority in before), borrower.priority in before

    def is_anybodys(device: str) -> bool:
        row = rows.get(device)
        if row is not None and row.worker is None and row.since_s < time.time() - COURTESY_S:
            return True
        return not is_urgent and (not others or row is None or row.job_id != borrower.job_id)

    return next(filter(is_anybodys, free), None)


def _waiting(connection: Connection, borrower: Borrower) -> list[Row[Any]]:
    """Other jobs that wait for a device, and are alive: of the same host, or of a container that was given the same GPU."""
    waits = (TABLE.state == RUNNING) & (TABLE.waiting_for == WAITS_FOR_GPU) & (TABLE.id != borrower.job_id)
    lately = time.time() - LEASE_LIFE_S
    rows = connection.execute(select(TABLE.priority, TABLE.worker, TABLE.heartbeat_s).where(waits))
    alive = [row for row in rows if row.heartbeat_s > lately and not is_gone(row.worker)]
    near = _neighbours(connection, borrower.worker, {row.worker for row in alive}) if alive else ()
    return [row for row in alive if row.worker in near]


def _neighbours(connection: Connection, worker: str, others: Collection[str]) -> frozenset[str]:
    """Those of the other processes that take turns with this one on some device."""
    listed = connection.execute(select(WORKERS.c.id, WORKERS.c.devices).where(WORKERS.c.id.in_([worker, *others])))
    keys = {row.id: {gpu["key"] for gpu in row.devices} for row in listed}
    host = worker.rsplit(":", 2)[0]
    return frozenset(other for other in others if other.rsplit(":", 2)[0] == host or keys.get(worker, set()) & keys.get(other, set()))


def _taken(connection: Connection, borrower: Borrower, device: str) -> bool:
    now = time.time()
    values = {"worker": borrower.worker, "job_id": borrower.job_id, "since_s": now, "heartbeat_s": now}
    row = connection.execute(select(GPU_LEASES).where(_LEASE.device == device)).first()
    if row is None:
        connection.execute(insert(GPU_LEASES).values(device=device, **values))
        return True
    unchanged = (_LEASE.device == device) & (_LEASE.worker.is_(None) if row.worker is None else (_LEASE.worker == row.worker) & (_LEASE.heartbeat_s == row.heartbeat_s))
    return connection.execute(update(GPU_LEASES).where(unchanged).values(**values)).rowcount == 1


def _is_free(row: Row[Any], borrower: Borrower) -> bool:
    """Nobody's, a dead process's, or this very job's, which the database was never told that it had let go."""
    is_own = (row.worker, row.job_id) == (borrower.worker, borrower.job_id)
    return row.worker is None or is_own or row.heartbeat_s < time.time() - LEASE_LIFE_S or is_gone(row.worker)


def _of(worker: str, job_id: str) -> Any:
    return (_LEASE.worker == worker) & (_LEASE.job_id == job_id)
