"""Deleted projects: `BinStore` is the class to use. Enter: whose bin. Leave: what lies in it, brought back or gone for good.

A bin is its owner's alone: nobody sees another's, whatever was shared before. What nobody takes out goes when its days are over (`upkeep.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, select, update

from studio.domain.errors import NotFound
from studio.store.database import reading, writing
from studio.store.schema import PROJECTS


@dataclass(frozen=True, slots=True)
class BinnedProject:
    """`deleted_at`: ISO 8601, UTC."""

    id: str
    name: str
    deleted_at: str
    deleted_by: str | None


class BinStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, owner: str) -> tuple[BinnedProject, ...]:
        """What was deleted, the latest first."""
        query = select(PROJECTS).where(_binned(owner)).order_by(PROJECTS.c.deleted_at.desc(), PROJECTS.c.seq.desc())
        with reading(self._engine) as connection:
            return tuple(BinnedProject(row.id, row.name, row.deleted_at, row.deleted_by) for row in connection.execute(query))

    def restore(self, project_id: str, owner: str) -> None:
        """Back into every list it was in. Raises NotFound for what does not lie in this bin."""
        with writing(self._engine) as connection:
            here = (PROJECTS.c.id == project_id) & _binned(owner)
            if not connection.execute(update(PROJECTS).where(here).values(deleted_at=None, deleted_by=None)).rowcount:
                raise NotFound("deleted project", project_id[:64])

    def erase(self, owner: str, project_id: str | None = None) -> int:
        """Gone for good, with lines, takes and jobs: one project, or the whole bin (None). Returns how many; their files follow with the
        next sweep. Raises NotFound for a project that does not lie in this bin."""
        here = _binned(owner) if project_id is None else (PROJECTS.c.id == project_id) & _binned(owner)
        with writing(self._engine) as connection:
            count = connection.execute(delete(PROJECTS).where(here)).rowcount
        if not count and project_id is not None:
            raise NotFound("deleted project", project_id[:64])
        return count


def _binned(owner: str) -> ColumnElement[bool]:
    return (PROJECTS.c.owner == owner) & PROJECTS.c.deleted_at.is_not(None)
