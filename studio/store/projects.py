"""Projects, who owns them and who else works on them. Every read takes the user; a project that is not theirs is as absent as one that
never was.

A deleted project leaves every list at once; `purge` frees its rows for good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, or_, select, update
from sqlalchemy import delete as delete_rows

from studio.domain.errors import BadSetting, NotFound
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Project, Source
from studio.domain.settings import Settings
from studio.store.changes import Author, By, EditLog
from studio.store.database import reading, utc_now, writing
from studio.store.schema import MEMBERS, PROJECTS, USERS
from studio.store.text import storable


class ProjectStore:
    """The projects table. A project's `id`, `owner` and `created_at` never change."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, project: Project) -> Project:
        """Keep a new project, durable on return; its owner's row is made on first use. An empty `created_at` is filled in."""
        kept = project if project.created_at else replace(project, created_at=utc_now())
        with writing(self._engine) as connection:
            ensure_user(connection, kept.owner)
            connection.execute(insert(PROJECTS).values(id=kept.id, owner=kept.owner, created_at=kept.created_at, **_columns(kept)))
        return kept

    def get(self, project_id: str, user: str) -> Project:
        """Raises NotFound for a project that is not there, is deleted, or is neither this user's nor shared with them."""
        with reading(self._engine) as connection:
            return _project(_reached(connection, project_id, user))

    def list(self, user: str) -> tuple[Project, ...]:
        """All projects of one user and those shared with them, newest first."""
        query = select(PROJECTS).where(_is_of(user), PROJECTS.c.deleted_at.is_(None)).order_by(PROJECTS.c.seq.desc())
        with reading(self._engine) as connection:
            return tuple(_project(row) for row in connection.execute(query))

    def update(self, project: Project) -> Project:
        """Store the whole of `project`. Raises NotFound unless it is there and its owner's."""
        return self.change(project.id, project.owner, lambda _: project)

    def change(self, project_id: str, user: str, change: Callable[[Project], Project], *, by: By | None = None) -> Project:
        """Apply `change` to the project as stored now, in one transaction, so two changes at once lose nothing. `by`: whose action in the
        history this is; None: none that could be undone (an upload, for one).

        >>> projects.change(key, "ada", lambda project: replace(project, name="Pilot"))  # doctest: +SKIP
        """
        with writing(self._engine) as connection:
            before = _project(_reached(connection, project_id, user, lock=True))
            after = replace(change(before), id=before.id, owner=before.owner, created_at=before.created_at)
            if after != before:
                connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(**_columns(after)))
                if by is not None:
                    _log(connection, Author(project_id, by), project_fields(before), project_fields(after))
        return after

    def delete(self, project_id: str, user: str) -> None:
        """Take a project out of every list. Its rows stay until `purge`. Raises NotFound like `get`, BadSetting for who does not own it."""
        with writing(self._engine) as connection:
            _owned(connection, project_id, user)
            connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(deleted_at=utc_now()))

    def members(self, project_id: str) -> tuple[str, ...]:
        """Who works on a project beside its owner, by name."""
        query = select(MEMBERS.c.name).where(MEMBERS.c.project_id == project_id).order_by(MEMBERS.c.name)
        with reading(self._engine) as connection:
            return tuple(connection.execute(query).scalars())

    def add_member(self, project_id: str, name: str, *, by: str) -> None:
        """From now on the project is theirs to work on. Raises NotFound like `get`, BadSetting for who does not own it."""
        with writing(self._engine) as connection:
            owner = _owned(connection, project_id, by).owner
            here = (MEMBERS.c.project_id == project_id) & (MEMBERS.c.name == name)
            if name == owner or connection.execute(select(MEMBERS.c.name).where(here)).first() is not None:
                return
            ensure_user(connection, name)
            connection.execute(insert(MEMBERS).values(project_id=project_id, name=name, by=by, at=utc_now()))

    def remove_member(self, project_id: str, name: str, *, by: str) -> None:
        """What they did stays; the project is gone for them. Anybody may leave; only the owner may send others away."""
        with writing(self._engine) as connection:
            _reached(connection, project_id, by) if name == by else _owned(connection, project_id, by)
            connection.execute(delete_rows(MEMBERS).where(MEMBERS.c.project_id == project_id, MEMBERS.c.name == name))

    def purge(self, deleted_before: str) -> int:
        """Remove for good, with lines, takes and jobs, what was deleted before an ISO 8601 UTC time; returns how many."""
        gone = PROJECTS.c.deleted_at.is_not(None) & (PROJECTS.c.deleted_at < deleted_before)
        with writing(self._engine) as connection:
            return connection.execute(delete_rows(PROJECTS).where(gone)).rowcount


def ensure_user(connection: Connection, name: str) -> None:
    """A row for a user who has none yet, within a transaction that writes."""
    if connection.execute(select(USERS.c.name).where(USERS.c.name == name)).first() is None:
        connection.execute(insert(USERS).values(name=name, created_at=utc_now()))


def project_fields(project: Project) -> dict[str, Any]:
    """What the history keeps of a project, JSON-ready: its name and languages, and each part of its settings."""
    named = {name: getattr(project, name) for name in ("name", "source_language", "target_language")}
    return named | {f"settings.{part}": value for part, value in to_plain(project.settings).items()}


def read_project(connection: Connection, project_id: str) -> Project:
    """Within a transaction, of a project that is known to be there."""
    return _project(connection.execute(select(PROJECTS).where(PROJECTS.c.id == project_id)).one())


def write_fields(connection: Connection, project_id: str, fields: Mapping[str, Any]) -> None:
    """Some of `project_fields` as they shall be."""
    before = read_project(connection, project_id)
    parts = {name.removeprefix("settings."): value for name, value in fields.items() if name.startswith("settings.")}
    settings = from_plain(Settings, {**to_plain(before.settings), **parts})
    after = replace(before, settings=settings, **{name: value for name, value in fields.items() if not name.startswith("settings.")})
    connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(**_columns(after)))


def _log(connection: Connection, author: Author, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    log = EditLog(author)
    for name, value in after.items():
        log.project(name, before[name], value)
    log.write(connection)


def _is_of(user: str) -> ColumnElement[bool]:
    """Whose projects: their own, and those shared with them."""
    shared = select(MEMBERS.c.project_id).where(MEMBERS.c.name == user)
    return or_(PROJECTS.c.owner == user, PROJECTS.c.id.in_(shared))


def _owned(connection: Connection, project_id: str, user: str) -> Row[Any]:
    row = _reached(connection, project_id, user, lock=True)
    if row.owner != user:
        raise BadSetting(f"“{row.name}” belongs to {row.owner}; only they can share or delete it.")
    return row


def _reached(connection: Connection, project_id: str, user: str, *, lock: bool = False) -> Row[Any]:
    query = select(PROJECTS).where((PROJECTS.c.id == project_id) & _is_of(user) & PROJECTS.c.deleted_at.is_(None))
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound("project", project_id)
    return row


def _columns(project: Project) -> dict[str, Any]:
    return {
        "name": storable(project.name, "The project's name"),
        "source_language": project.source_language,
        "target_language": project.target_language,
        "settings": to_plain(project.settings),
        "source": to_plain(project.source),
        "bed_blob": project.bed_blob,
    }


def _project(row: Row[Any]) -> Project:
    return Project(
        row.id,
        row.owner,
        row.name,
        row.source_language,
        row.target_language,
        from_plain(Settings, row.settings),
        from_plain(Source | None, row.source),
        row.bed_blob,
        row.created_at,
    )
