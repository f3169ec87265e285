"""Finished work by stage and unit, with the fingerprint of its inputs: reused only when all inputs are the same.

A unit is a line id, or any name a stage gives its part of the work. Results are JSON-ready values of `to_plain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select

from studio.domain.project import StageCost
from studio.store.database import reading, utc_now, writing
from studio.store.schema import STAGE_RESULTS
from studio.store.upsert import put_row


@dataclass(frozen=True, slots=True)
class StageKey:
    """Whose work it is, and of which inputs."""

    project_id: str
    stage: str
    unit: str
    fingerprint: str


class StageResults:
    """The stage_results table: one row per project, stage and unit, the newest fingerprint wins."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, project_id: str, stage: str, unit: str, fingerprint: str) -> Any | None:
        """The stored result of exactly these inputs, or None."""
        table = STAGE_RESULTS.c
        same = (table.project_id == project_id) & (table.stage == stage) & (table.unit == unit) & (table.fingerprint == fingerprint)
        with reading(self._engine) as connection:
            return connection.execute(select(table.result).where(same)).scalar_one_or_none()

    def latest(self, project_id: str, stage: str, unit: str = "") -> Any | None:
        """The stored result whatever its inputs were, or None: what there is to show while it may be stale."""
        table = STAGE_RESULTS.c
        place = (table.project_id == project_id) & (table.stage == stage) & (table.unit == unit)
        with reading(self._engine) as connection:
            return connection.execute(select(table.result).where(place)).scalar_one_or_none()

    def put(self, key: StageKey, result: Any, *, seconds: float, peak_memory_mb: int) -> None:
        """Keep a result, in place of the one before for the same unit; durable on return."""
        values = {
            "fingerprint": key.fingerprint,
            "result": result,
            "seconds": seconds,
            "peak_memory_mb": peak_memory_mb,
            "created_at": utc_now(),
        }
        with writing(self._engine) as connection:
            put_row(connection, STAGE_RESULTS, {"project_id": key.project_id, "stage": key.stage, "unit": key.unit}, values)

    def of_stage(self, project_id: str, stage: str) -> dict[str, tuple[str, Any]]:
        """Fingerprint and result by unit of all stored results of a stage, in one query."""
        table = STAGE_RESULTS.c
        query = select(table.unit, table.fingerprint, table.result).where(table.project_id == project_id, table.stage == stage)
        with reading(self._engine) as connection:
            return {row.unit: (row.fingerprint, row.result) for row in connection.execute(query)}

    def fingerprints(self, project_id: str, stage: str) -> dict[str, str]:
        """Fingerprint by unit of all stored results of a stage, in one query: what is stale is what differs."""
        table = STAGE_RESULTS.c
        query = select(table.unit, table.fingerprint).where(table.project_id == project_id, table.stage == stage)
        with reading(self._engine) as connection:
            return {row.unit: row.fingerprint for row in connection.execute(query)}

    def costs(self, project_id: str) -> tuple[StageCost, ...]:
        """Wall seconds summed and peak memory by stage, in the order in which stages first ran."""
        table = STAGE_RESULTS.c
        query = (
            select(table.stage, func.sum(table.seconds).label("seconds"), func.max(table.peak_memory_mb).label("peak"))
            .where(table.project_id == project_id)
            .group_by(table.stage)
            .order_by(func.min(table.seq))
        )
        with reading(self._engine) as connection:
            return tuple(StageCost(row.stage, row.seconds, row.peak) for row in connection.execute(query))
