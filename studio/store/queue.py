"""The queue as people see it: who is asked about in; their jobs with places and expected waits out, and of others only how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Row, select

from studio.domain.plain import to_plain
from studio.domain.queue import AtWork, Lane, QueuedJob, QueueView, expected_waits, in_turn
from studio.domain.project import BESIDE
from studio.domain.settings import QueueSettings
from studio.store.database import reading
from studio.store.job_rows import QUEUED, RUNNING, TABLE
from studio.store.schema import JOBS, PROJECTS
from studio.store.server_values import ServerValues
from studio.store.turns import SETTINGS_NAME, expected_s, queue_settings, seconds_between, used_s, waiting
from studio.store.workers import WorkerStore

NOBODY_WORKS = "Nobody is at work here, so nothing begins; the administrator starts a worker with python -m studio worker."
_BESIDE = tuple(kind.value for kind in BESIDE)


class QueueStore:
    """Looks at the queue; changes nothing in it but its rules."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._workers = engine, WorkerStore(engine)

    def settings(self) -> QueueSettings:
        with reading(self._engine) as connection:
            return queue_settings(connection)

    def set_settings(self, settings: QueueSettings) -> None:
        """The rules of turns and limits, for all servers and workers, from now on."""
        ServerValues(self._engine).put(SETTINGS_NAME, to_plain(settings))

    def view(self, user: str | None) -> QueueView:
        """One person's jobs, running ones first, then in turn; None: everybody's."""
        jobs = self._all()
        mine = tuple(job for job in jobs if user is None or job.owner == user)
        others = [job for job in jobs if user is not None and job.owner != user]
        running = sum(job.place == 0 for job in others)
        trouble = NOBODY_WORKS if any(job.place for job in jobs) and not self._lanes() else ""
        return QueueView(mine, running, len(others) - running, trouble)

    def _lanes(self) -> tuple[Lane, ...]:
        return tuple(lane for worker in self._workers.alive() for lane in worker.state.lanes)

    def _all(self) -> list[QueuedJob]:
        now, lanes = datetime.now(UTC), self._lanes()
        query = select(JOBS, PROJECTS.c.name).join(PROJECTS, PROJECTS.c.id == TABLE.project_id).where(TABLE.state.in_((QUEUED, RUNNING)))
        with reading(self._engine) as connection:
            rows = {row.id: row for row in connection.execute(query.order_by(TABLE.started_at))}
            if not rows:
                return []
            settings, expected = queue_settings(connection), expected_s(connection, rows.values())
            order = in_turn(waiting(connection, now, expected), used_s(connection, settings, now), settings)
        order = [one for one in order if one.id in rows]
        running = [row for row in rows.values() if row.state == RUNNING]
        waits = expected_waits(order, [_at_work(row, expected[row.id], now) for row in running], lanes)
        look = _Look(running, settings, waits)
        places = {one.id: place for is_beside in (False, True) for place, one in enumerate((one for one in order if one.is_beside is is_beside), start=1)}
        return [*(look.running(row) for row in running), *(look.waiting(rows[one.id], places[one.id]) for one in order)]


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything a row is told by."""

    at_work: list[Row[Any]]
    settings: QueueSettings
    waits: Mapping[str, float | None]

    def running(self, row: Row[Any]) -> QueuedJob:
        share = row.done / row.total if row.total else None
        return _queued(row, 0, None, row.waiting_for, share)

    def waiting(self, row: Row[Any], place: int) -> QueuedJob:
        return _queued(row, place, self.waits.get(row.id), self._why(row), None)

    def _why(self, row: Row[Any]) -> str:
        if any(other.project_id == row.project_id and (other.kind in _BESIDE) == (row.kind in _BESIDE) for other in self.at_work):
            return "It follows the work of its project that runs now."
        if sum(other.owner == row.owner for other in self.at_work) >= self.settings.max_running_jobs:
            return "As many jobs of one person run as may here at once; it begins when one of those ends."
        return ""


def _queued(row: Row[Any], place: int, wait_s: float | None, why: str, share: float | None) -> QueuedJob:
    return QueuedJob(row.id, row.project_id, row.name, row.owner, row.kind, row.priority, len(row.line_ids), place, wait_s, why, row.stage, share)


def _at_work(row: Row[Any], expected: float | None, now: datetime) -> AtWork:
    """A job that takes longer than usual is expected to take a tenth more."""
    lane = Lane.BESIDE if row.kind in _BESIDE else Lane.WORK
    left = None if expected is None else max(expected - seconds_between(row.started_at, now), 0.1 * expected)
    return AtWork(row.project_id, lane, left)
