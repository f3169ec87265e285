"""The list of processes that serve the page or do jobs, each with a sign of life. A process in; who is there, and what they hold, out."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update

from studio.domain.plain import from_plain, to_plain
from studio.domain.workers import Gpu, WorkerState, WorkerView
from studio.store.database import reading, utc_now, writing
from studio.store.job_rows import is_gone
from studio.store.schema import WORKERS

WORKER_LIFE_S = 30.0
KEPT_DEAD_S = 3600.0  # the administrator may want to know who went
_TABLE = WORKERS.c


class WorkerStore:
    """The workers table; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def arrive(self, worker: str, kind: str, gpus: tuple[Gpu, ...], state: WorkerState) -> None:
        """Enter a process into the list; processes that died long ago leave it."""
        values = {"kind": kind, "devices": to_plain(gpus), "state": to_plain(state), "heartbeat_s": time.time()}
        with writing(self._engine) as connection:
            connection.execute(delete(WORKERS).where(_TABLE.heartbeat_s < time.time() - KEPT_DEAD_S))
            if connection.execute(update(WORKERS).where(_TABLE.id == worker).values(**values)).rowcount == 0:
                connection.execute(insert(WORKERS).values(id=worker, started_at=utc_now(), **values))

    def beat(self, worker: str, gpus: tuple[Gpu, ...], state: WorkerState) -> bool:
        """Sign of life; False for who is not in the list (any more)."""
        values = {"devices": to_plain(gpus), "state": to_plain(state), "heartbeat_s": time.time()}
        with writing(self._engine) as connection:
            return connection.execute(update(WORKERS).where(_TABLE.id == worker).values(**values)).rowcount == 1

    def leave(self, worker: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(WORKERS).where(_TABLE.id == worker))

    def all(self) -> tuple[WorkerView, ...]:
        """Every process in the list, the oldest first, those that died lately included."""
        with reading(self._engine) as connection:
            return tuple(_view(row) for row in connection.execute(select(WORKERS).order_by(_TABLE.started_at)))

    def alive(self) -> tuple[WorkerView, ...]:
        return tuple(one for one in self.all() if one.is_alive)


def _view(row: Row[Any]) -> WorkerView:
    host, pid, _ = row.id.rsplit(":", 2)
    seen_s = max(0.0, time.time() - row.heartbeat_s)
    is_alive = seen_s < WORKER_LIFE_S and not is_gone(row.id)
    gpus, state = from_plain(tuple[Gpu, ...], row.devices), from_plain(WorkerState, row.state)
    return WorkerView(row.id, row.kind, host, int(pid), row.started_at, seen_s, is_alive, gpus, state)

