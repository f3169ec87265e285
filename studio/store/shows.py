"""Shows, which of them a project is an episode of, and the character sheets of a project's speakers: `ShowStore` is the class to use.

Every read of a show takes its owner; another owner's show is as absent as one that never was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.bible import Bible, Show
from studio.domain.character import CharacterSheet
from studio.domain.errors import NotFound
from studio.domain.plain import from_plain, to_plain
from studio.store.changes import Action, Author, By, EditLog
from studio.store.database import reading, utc_now, writing
from studio.store.line_rows import hold_project
from studio.store.line_writes import set_speaker
from studio.store.projects import ensure_user
from studio.store.schema import PROJECTS, SHOWS
from studio.store.speaker_rows import read_speakers, sheet_column
from studio.store.text import storable


class ShowStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # shows

    def create(self, show: Show) -> Show:
        kept = replace(show, created_at=show.created_at or utc_now())
        with writing(self._engine) as connection:
            ensure_user(connection, kept.owner)
            connection.execute(insert(SHOWS).values(id=kept.id, owner=kept.owner, created_at=kept.created_at, **_columns(kept)))
        return kept

    def get(self, show_id: str, owner: str) -> Show:
        """Raises NotFound for a show that is not there or is someone else's."""
        with reading(self._engine) as connection:
            return _show(_owned(connection, show_id, owner))

    def list(self, owner: str) -> tuple[Show, ...]:
        """All shows of one owner, newest first."""
        with reading(self._engine) as connection:
            return tuple(_show(row) for row in connection.execute(select(SHOWS).where(SHOWS.c.owner == owner).order_by(SHOWS.c.seq.desc())))

    def change(self, show_id: str, owner: str, change: Callable[[Show], Show]) -> Show:
        """Apply `change` to the show as stored now, in one transaction, so that two episodes saving at once lose nothing."""
        with writing(self._engine) as connection:
            before = _show(_owned(connection, show_id, owner, lock=True))
            after = replace(change(before), id=before.id, owner=before.owner, created_at=before.created_at)
            if after != before:
                connection.execute(update(SHOWS).where(SHOWS.c.id == show_id).values(**_columns(after)))
        return after

    def delete(self, show_id: str, owner: str) -> None:
        """Remove a show. Its episodes stay, with all they took from it."""
        with writing(self._engine) as connection:
            _owned(connection, show_id, owner, lock=True)
            connection.execute(update(PROJECTS).where(PROJECTS.c.show_id == show_id).values(show_id=None))
            connection.execute(delete(SHOWS).where(SHOWS.c.id == show_id))

    # episodes

    def show_id(self, project_id: str) -> str | None:
        """The show a project is an episode of."""
        with reading(self._engine) as connection:
            return connection.execute(select(PROJECTS.c.show_id).where(PROJECTS.c.id == project_id)).scalar_one_or_none()

    def join(self, project_id: str, show_id: str | None) -> None:
        """None leaves the show."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(show_id=show_id))

    def episodes(self, owner: str) -> dict[str, int]:
        """How many projects each show of an owner has; shows without any are left out."""
        here = (PROJECTS.c.owner == owner) & PROJECTS.c.deleted_at.is_(None) & PROJECTS.c.show_id.is_not(None)
        with reading(self._engine) as connection:
            rows = connection.execute(select(PROJECTS.c.show_id, func.count()).where(here).group_by(PROJECTS.c.show_id))
            return {row[0]: row[1] for row in rows}

    # sheets

    def sheets(self, project_id: str) -> dict[str, CharacterSheet]:
        """Character sheets by speaker id, under the name the speaker has now."""
        with reading(self._engine) as connection:
            speakers = read_speakers(connection, project_id)
        return {one.id: replace(one.sheet, name=one.name) for one in speakers if one.sheet is not None}

    def set_sheets(self, project_id: str, sheets: dict[str, CharacterSheet], *, by: By = "") -> None:
        """Keep sheets by speaker id, all or none, as one action; a blank one is taken away. Raises NotFound for a speaker that is not of
        this project."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            known = {one.id: one for one in read_speakers(connection, project_id)}
            if missing := sheets.keys() - known.keys():
                raise NotFound("speaker", min(missing))
            names = [known[speaker_id].name for speaker_id in sheets]
            title = f"Character sheet of “{names[0]}”" if len(names) == 1 else "Character sheets"
            log = EditLog(Author(project_id, Action(by, title) if isinstance(by, str) else by))
            for speaker_id, sheet in sheets.items():
                set_speaker(connection, project_id, known[speaker_id], {"sheet": sheet_column(sheet)}, log)
            log.write(connection)


def _owned(connection: Connection, show_id: str, owner: str, *, lock: bool = False) -> Row[Any]:
    query = select(SHOWS).where(SHOWS.c.id == show_id, SHOWS.c.owner == owner)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound("show", show_id)
    return row


def _columns(show: Show) -> dict[str, Any]:
    return {"name": storable(show.name, "The show's name"), "bible": _storable({"bibles": to_plain(show.bibles)})}


def _show(row: Row[Any]) -> Show:
    return Show(row.id, row.owner, row.name, from_plain(tuple[Bible, ...], row.bible.get("bibles", [])), row.created_at)


def _storable(plain: Any) -> Any:
    """Plain values unchanged, every text in them looked at first."""
    if isinstance(plain, dict):
        return {key: _storable(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [_storable(value) for value in plain]
    return storable(plain, "A rule of the show") if isinstance(plain, str) else plain
