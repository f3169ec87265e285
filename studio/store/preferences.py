"""Choices made at the desk, kept with their project and deleted with it: `PreferenceStore` is the class to use.

Enter: a project's id and what `domain.preference` makes of a change. Leave: `Choice` records. A choice is written in the transaction
that changes its line, so neither exists without the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.line import Line
from studio.domain.preference import Choice, Earlier, TimedText
from studio.store.database import reading, writing
from studio.store.line_rows import hold_project
from studio.store.lines import Follow
from studio.store.schema import PREFERENCES
from studio.store.text import storable

Decide = Callable[[tuple[Choice, ...], Line, Line], tuple[Choice, ...]]


class PreferenceStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def following(self, project_id: str, decide: Decide) -> Follow:
        """What `LineStore.edit` calls within its transaction: the line's choices become what `decide(known, before, after)` says."""

        def follow(connection: Connection, before: Line, after: Line) -> None:
            known = _of_line(connection, project_id, after.id)
            _put(connection, project_id, known, decide(known, before, after))

        return follow

    def time(self, project_id: str, line_id: str, text: str, total_ms: int) -> None:
        """Add the predicted time of a wording to the line's choices that wait for it."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            known = _of_line(connection, project_id, line_id)
            waits = {one.id for one in known if any(wording.text == text and wording.total_ms is None for wording in one.wordings)}
            _put(connection, project_id, known, tuple(one.timed(text, total_ms) if one.id in waits else one for one in known))

    def choices(self, project_id: str) -> tuple[Choice, ...]:
        """All choices of a project, oldest first."""
        query = select(PREFERENCES).where(PREFERENCES.c.project_id == project_id).order_by(PREFERENCES.c.seq)
        with reading(self._engine) as connection:
            return tuple(_choice(row) for row in connection.execute(query))

    def count(self, project_id: str) -> int:
        """Choices that teach something."""
        is_lesson = (PREFERENCES.c.chosen != "") & (PREFERENCES.c.source_text != "")
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(PREFERENCES).where(PREFERENCES.c.project_id == project_id, is_lesson)
            return connection.execute(query).scalar_one()

    def forget(self, project_id: str) -> int:
        """Delete all choices of a project; returns how many there were to learn from."""
        known = self.count(project_id)
        with writing(self._engine) as connection:
            connection.execute(delete(PREFERENCES).where(PREFERENCES.c.project_id == project_id))
        return known


def _of_line(connection: Connection, project_id: str, line_id: str) -> tuple[Choice, ...]:
    here = (PREFERENCES.c.project_id == project_id) & (PREFERENCES.c.line_id == line_id)
    return tuple(_choice(row) for row in connection.execute(select(PREFERENCES).where(here).order_by(PREFERENCES.c.seq)))


def _put(connection: Connection, project_id: str, known: tuple[Choice, ...], wanted: tuple[Choice, ...]) -> None:
    before = {one.id: one for one in known}
    after = {one.id: one for one in wanted}
    if gone := before.keys() - after.keys():
        connection.execute(delete(PREFERENCES).where(PREFERENCES.c.id.in_(gone)))
    for one in wanted:
        if one.id not in before:
            connection.execute(insert(PREFERENCES).values(project_id=project_id, **_columns(one)))
        elif one != before[one.id]:
            connection.execute(update(PREFERENCES).where(PREFERENCES.c.id == one.id).values(**_columns(one)))


def _columns(choice: Choice) -> dict[str, Any]:
    return {
        "id": choice.id,
        "line_id": choice.line_id,
        "source_language": choice.source_language,
        "target_language": choice.target_language,
        "source_text": storable(choice.source_text, "The line's text"),
        "source_ms": choice.source_ms,
        "chosen": storable(choice.chosen, "The line's translation"),
        "rejected": choice.rejected,
        "wordings": [[one.text, one.total_ms] for one in choice.wordings],
        "before": [[one.source, one.source_ms, one.target] for one in choice.before],
        "by": choice.who,
        "at": choice.when,
    }


def _choice(row: Row[Any]) -> Choice:
    return Choice(
        row.id,
        row.line_id,
        row.source_language,
        row.target_language,
        row.source_text,
        row.source_ms,
        row.chosen,
        row.rejected,
        tuple(TimedText(*pair) for pair in row.wordings),
        tuple(Earlier(*one) for one in row.before),
        row.by,
        row.at,
    )
