"""The queue as the database has it: what waits, who used how much lately, whose turn it is. `domain/queue.py` decides, this reads.

Everything takes an open connection, so that a claim is decided and written in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from studio.domain.plain import from_plain
from studio.domain.project import BESIDE, JobKind, JobState
from studio.domain.queue import NOMINAL_S, Lane, Priority, Waiting, in_turn
from studio.domain.settings import QueueSettings
from studio.store.job_rows import IS_BESIDE, QUEUED, RUNNING, TABLE
from studio.store.schema import LINES, SERVER_VALUES

SETTINGS_NAME = "queue"  # among the values that all servers share
RECENT_JOBS = 2000  # no older ones count for shares and usual lengths, so that a long history costs nothing
_BY_LINE = (JobKind.TRANSLATE.value, JobKind.VOICE.value, JobKind.RENDER.value)
_BESIDE = tuple(kind.value for kind in BESIDE)


def queue_settings(connection: Connection) -> QueueSettings:
    kept = connection.execute(select(SERVER_VALUES.c.value).where(SERVER_VALUES.c.name == SETTINGS_NAME)).scalar()
    return QueueSettings() if kept is None else from_plain(QueueSettings, kept)


def seconds_between(first: str | None, last: datetime) -> float:
    """From an ISO time to another, never below 0."""
    return 0.0 if first is None else max(0.0, (last - datetime.fromisoformat(first)).total_seconds())


def next_job(connection: Connection, lane: Lane | None, only: Collection[str] | None) -> str | None:
    """The id of the job whose turn it is among those that may begin now; `lane` None: of any lane. Jobs of a person who has as many at work
    as one may have, and of a project that is at work already, are passed over; a catalogue may take every machine that nobody else needs."""
    rows = connection.execute(_waiting_rows(only)).all()
    if not rows:
        return None
    settings, running = queue_settings(connection), connection.execute(select(TABLE.project_id, TABLE.owner, TABLE.kind).where(TABLE.state == RUNNING)).all()
    busy = {(row.project_id, row.kind in _BESIDE) for row in running}
    at_work = Counter(row.owner for row in running)
    now = datetime.now(UTC)
    able = [
        one
        for one in (_waiting(row, now) for row in rows)
        if (one.project_id, one.is_beside) not in busy
        and (only is not None or one.priority >= Priority.BATCH or at_work[one.owner] < settings.max_running_jobs)
    ]
    able = [one for one in _first_in_project(able) if lane is None or lane.takes(one.priority, is_beside=one.is_beside)]
    if len(able) < 2:
        return able[0].id if able else None
    return in_turn(able, used_s(connection, settings, now), settings)[0].id


def may_begin(connection: Connection, owner: str, priority: int) -> bool:
    """Whether one more job of a person may be at work; for who takes one, with that person held."""
    running = select(func.count()).where(TABLE.owner == owner, TABLE.state == RUNNING)
    return priority >= Priority.BATCH or connection.execute(running).scalar_one() < queue_settings(connection).max_running_jobs


def _first_in_project(able: list[Waiting]) -> list[Waiting]:
    """Without those that would step aside at once for more urgent work of their own project, however long they have waited."""
    most: dict[str, int] = {}
    for one in able:
        if not one.is_beside:
            most[one.project_id] = min(one.priority, most.get(one.project_id, one.priority))
    return [one for one in able if one.is_beside or one.priority == most[one.project_id]]


def waiting(connection: Connection, now: datetime, expected: Mapping[str, float | None]) -> list[Waiting]:
    """Everything that waits, in no order. `expected`: seconds by job id."""
    return [_waiting(row, now, expected.get(row.id)) for row in connection.execute(_waiting_rows(None))]


def used_s(connection: Connection, settings: QueueSettings, now: datetime) -> dict[str, float]:
    """Seconds of work in the last `share_window_s`, by owner; a job that runs counts for some from its beginning, one that was put back for
    its last time at work."""
    used: dict[str, float] = {}
    for row in _recent(connection):
        if row.started_at is None or (row.state == QUEUED and row.heartbeat_s is None):
            continue
        ran_s = seconds_between(row.started_at, now)
        if row.state == RUNNING:
            spent = max(NOMINAL_S, min(ran_s, settings.share_window_s))
        else:
            ended_s = now.timestamp() - row.heartbeat_s if row.state == QUEUED else seconds_between(row.finished_at, now)
            spent = max(0.0, min(ran_s, settings.share_window_s) - max(0.0, ended_s))
        used[row.owner] = used.get(row.owner, 0.0) + spent
    return used


def expected_s(connection: Connection, rows: Iterable[Row[Any]]) -> dict[str, float | None]:
    """About how long each of these jobs takes, by id, from how long such jobs took lately: by the line where they go line by line, else by
    the job. None where there was none."""
    jobs = list(rows)
    done = [row for row in _recent(connection) if row.state == JobState.DONE.value and row.started_at is not None]
    lines = _line_counts(connection, {row.project_id for row in (*jobs, *done) if not row.line_ids})
    paces: dict[str, list[float]] = {}
    for row in done:
        seconds = seconds_between(row.started_at, datetime.fromisoformat(row.finished_at))
        paces.setdefault(row.kind, []).append(seconds / _size(row, lines))
    usual = {kind: median(found) for kind, found in paces.items()}
    return {row.id: usual[row.kind] * _size(row, lines) if row.kind in usual else None for row in jobs}


def _size(row: Row[Any], lines: Mapping[str, int]) -> int:
    return max(1, len(row.line_ids) or lines.get(row.project_id, 0)) if row.kind in _BY_LINE else 1


def _line_counts(connection: Connection, projects: Collection[str]) -> dict[str, int]:
    query = select(LINES.c.project_id, func.count()).where(LINES.c.project_id.in_(projects)).group_by(LINES.c.project_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _recent(connection: Connection) -> list[Row[Any]]:
    newest = select(func.max(TABLE.seq)).scalar_subquery()
    columns = (TABLE.project_id, TABLE.owner, TABLE.kind, TABLE.state, TABLE.line_ids, TABLE.started_at, TABLE.finished_at, TABLE.heartbeat_s)
    return list(connection.execute(select(*columns).where(TABLE.seq > newest - RECENT_JOBS)))


def _waiting_rows(only: Collection[str] | None) -> Select[Any]:
    columns = (TABLE.id, TABLE.owner, TABLE.project_id, TABLE.kind, TABLE.priority, TABLE.place, TABLE.seq, TABLE.created_at, TABLE.heartbeat_s, TABLE.line_ids)
    query = select(*columns).where(TABLE.state == QUEUED)
    return query if only is None else query.where(TABLE.id.in_(only))


def _waiting(row: Row[Any], now: datetime, expected: float | None = None) -> Waiting:
    order = float(row.seq) if row.place is None else row.place
    waited = seconds_between(row.created_at, now)
    if row.heartbeat_s is not None:  # it was at work, and was put back
        waited = max(0.0, min(waited, now.timestamp() - row.heartbeat_s))
    return Waiting(row.id, row.owner, row.project_id, row.priority, order, row.seq, waited, row.kind in _BESIDE, expected)


def own_waiting(connection: Connection, owner: str, priority: int) -> list[Row[Any]]:
    """One person's waiting jobs of one priority, in their order."""
    order = func.coalesce(TABLE.place, TABLE.seq)
    query = select(TABLE.id, order.label("place")).where(TABLE.owner == owner, TABLE.state == QUEUED, TABLE.priority == priority)
    return list(connection.execute(query.order_by(order, TABLE.seq)))


def waiting_count(connection: Connection, owner: str) -> int:
    """One person's waiting jobs, without those of a catalogue and looks at faces."""
    mine = (TABLE.owner == owner) & (TABLE.state == QUEUED) & ~IS_BESIDE & (TABLE.priority < int(Priority.BATCH))
    return connection.execute(select(func.count()).where(mine)).scalar_one()
