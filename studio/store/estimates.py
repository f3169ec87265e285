"""Kept estimates: how long texts take to say, by fingerprint of all that decides it. Batches in, batches out; the oldest go.

Anything here may be deleted at any time: it is measured again. What the key is made of is the business of the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select

from studio.domain.line import Estimate
from studio.store.database import reading, utc_now, writing
from studio.store.schema import ESTIMATES
from studio.store.upsert import add_rows

MAX_KEPT = 200_000  # some hundred films
_TRIM_EVERY = 2_000  # entries written between two looks at how many there are
_STATEMENT_KEYS = 500  # databases limit the parameters of one statement


class EstimateStore:
    """The estimates table. `max_kept`: once in a while the oldest beyond it are removed."""

    def __init__(self, engine: Engine, *, max_kept: int = MAX_KEPT, trim_every: int = _TRIM_EVERY) -> None:
        self._engine, self._max_kept, self._trim_every = engine, max_kept, trim_every
        self._since_trim = trim_every  # the first write of a process looks

    def get(self, keys: Iterable[str]) -> dict[str, Estimate]:
        """Those that are kept, by key."""
        found: dict[str, Estimate] = {}
        with reading(self._engine) as connection:
            for some in _parts(tuple(keys)):
                rows = connection.execute(select(ESTIMATES).where(ESTIMATES.c.key.in_(some)))
                found.update({row.key: Estimate(row.speech_ms, row.pause_ms, row.engine) for row in rows})
        return found

    def put(self, found: Mapping[str, Estimate]) -> None:
        """Keep estimates; those that are kept already stay as they are, since the same key has the same answer."""
        with writing(self._engine) as connection:
            kept = {key for some in _parts(tuple(found)) for key in connection.scalars(select(ESTIMATES.c.key).where(ESTIMATES.c.key.in_(some)))}
            at = utc_now()
            rows = [_columns(key, estimate, at) for key, estimate in found.items() if key not in kept]
            add_rows(connection, ESTIMATES, rows)  # another server may have timed the same just now
            self._since_trim += len(rows)
            if self._since_trim >= self._trim_every:
                self._since_trim = 0
                _trim(connection, self._max_kept)


def _parts(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + _STATEMENT_KEYS] for start in range(0, len(keys), _STATEMENT_KEYS)]


def _columns(key: str, estimate: Estimate, at: str) -> dict[str, Any]:
    return {"key": key, "speech_ms": estimate.speech_ms, "pause_ms": estimate.pause_ms, "engine": estimate.engine, "created_at": at}


def _trim(connection: Connection, max_kept: int) -> None:
    """Remove the oldest beyond `max_kept`; those of one moment go or stay together."""
    if (connection.execute(select(func.count()).select_from(ESTIMATES)).scalar() or 0) <= max_kept:
        return
    newest_first = select(ESTIMATES.c.created_at).order_by(ESTIMATES.c.created_at.desc())
    last_gone = connection.execute(newest_first.offset(max_kept).limit(1)).scalar_one()
    connection.execute(delete(ESTIMATES).where(ESTIMATES.c.created_at <= last_gone))
