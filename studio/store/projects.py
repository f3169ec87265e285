"""Projects, who owns them and who else works on them. Every read takes the user; a project that they may not see is as absent as one that
never was, and what they may do with one they see is decided by `domain/rights.py`, in the transaction that does it.

A deleted project leaves every list at once; `purge` frees its rows for good.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, insert, or_, select, update
from sqlalchemy import delete as delete_rows

from studio.domain.account import Member
from studio.domain.errors import Forbidden, NotFound
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Project, Source
from studio.domain.rights import DEMO_OWNER, LOCAL_USER, Right, Role, own_rights, rights
from studio.domain.settings import Settings
from studio.store.changes import Author, By, EditLog
from studio.store.database import Found, once, one_moment, reading, utc_now, writing
from studio.store.schema import MEMBERS, PROJECTS, USERS
from studio.store.text import storable
from studio.store.upsert import add_rows


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

    def get(self, project_id: str, user: str, right: Right = Right.READ) -> Project:
        """Raises NotFound for a project that is not there, is deleted, or may not be seen by this user; Forbidden for one they may see
        without having that right."""


        def ask() -> Project:
            with reading(self._engine) as connection:
                return _project(_reached(connection, project_id, user, right))

        return self.once((ProjectStore, project_id, user, right), ask)

    def moment(self) -> AbstractContextManager[None]:
        """All that this thread reads inside, in any table, is of one moment (`database.one_moment`)."""
        return one_moment(self._engine)

    def once(self, key: Hashable, ask: Callable[[], Found]) -> Found:
        """What `ask` finds in the database; asked once for each `key` within one moment."""
        return once(self._engine, key, ask)

    def rights(self, project_id: str, user: str) -> frozenset[Right]:
        """What this user may do with a project; nothing with one they may not see."""
        with reading(self._engine) as connection:
            row = connection.execute(_seen_by(user).where(PROJECTS.c.id == project_id)).first()
            return frozenset() if row is None else _rights(row, user)

    def own_rights(self, user: str) -> frozenset[Right]:
        """What this user may do before any project is named; nothing for a disabled account."""
        with reading(self._engine) as connection:
            row = connection.execute(select(USERS.c.role, USERS.c.disabled_at).where(USERS.c.name == user)).first()
        is_out = row is not None and row.disabled_at is not None
        return frozenset() if is_out else own_rights(_role(user, None if row is None else row.role))

    def require(self, user: str, right: Right) -> None:
        """For what belongs to no project. Raises Forbidden."""
        if right not in self.own_rights(user):
            raise Forbidden(_OUTSIDE.get(right, _BY_ACCOUNT))

    def list(self, user: str) -> tuple[Project, ...]:
        """All projects of one user and those shared with them, newest first; for who may have none, the demo."""
        with reading(self._engine) as connection:
            rows = connection.execute(_seen_by(user).order_by(PROJECTS.c.seq.desc()))
            return tuple(_project(row) for row in rows if Right.READ in _rights(row, user))

    def named(self, owner: str, names: Iterable[str]) -> tuple[Project, ...]:
        """What this person owns under any of these names, newest first; for a fraction of what the whole list costs."""
        wanted = _seen_by(owner).where(PROJECTS.c.owner == owner, PROJECTS.c.name.in_(tuple(names)))
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(PROJECTS.c.seq.desc()))
            return tuple(_project(row) for row in rows if Right.READ in _rights(row, owner))

    def update(self, project: Project) -> Project:
        """Store the whole of `project`. Raises NotFound unless it is there and its owner's."""
        return self.change(project.id, project.owner, lambda _: project)

    def change(self, project_id: str, user: str, change: Callable[[Project], Project], *, by: By | None = None) -> Project:
        """Apply `change` to the project as stored now, in one transaction, so two changes at once lose nothing. `by`: whose action in the
        history this is; None: none that could be undone (an upload, for one). Raises as `get` does for the right to edit.

        >>> projects.change(key, "ada", lambda project: replace(project, name="Pilot"))  # doctest: +SKIP
        """
        with writing(self._engine) as connection:
            before = _project(_reached(connection, project_id, user, Right.EDIT, lock=True))
            after = replace(change(before), id=before.id, owner=before.owner, created_at=before.created_at)
            if after != before:
                connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(**_columns(after)))
                if by is not None:
                    _log(connection, Author(project_id, by), project_fields(before), project_fields(after))
        return after

    def delete(self, project_id: str, user: str) -> None:
        """Take a project out of every list. Its rows stay until `purge`. Raises as `get` does for the right to delete."""
        with writing(self._engine) as connection:
            _reached(connection, project_id, user, Right.DELETE, lock=True)
            connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(deleted_at=utc_now(), deleted_by=user))

    def members(self, project_id: str) -> tuple[Member, ...]:
        """Who works on a project beside its owner, by name."""
        query = select(MEMBERS.c.name, MEMBERS.c.role).where(MEMBERS.c.project_id == project_id).order_by(MEMBERS.c.name)
        with reading(self._engine) as connection:
            return tuple(Member(row.name, Role(row.role)) for row in connection.execute(query))

    def add_member(self, project_id: str, name: str, role: Role = Role.EDITOR, *, by: str) -> None:
        """From now on the project is theirs to work on, in this role, whatever it was before. Raises as `get` does for the right to share."""
        with writing(self._engine) as connection:
            owner = _reached(connection, project_id, by, Right.SHARE, lock=True).owner
            here = (MEMBERS.c.project_id == project_id) & (MEMBERS.c.name == name)
            if name == owner:
                return
            if connection.execute(select(MEMBERS.c.name).where(here)).first() is not None:
                connection.execute(update(MEMBERS).where(here).values(role=role.value))
                return
            ensure_user(connection, name)
            connection.execute(insert(MEMBERS).values(project_id=project_id, name=name, by=by, at=utc_now(), role=role.value))

    def remove_member(self, project_id: str, name: str, *, by: str) -> None:
        """What they did stays; the project is gone for them. Anybody may leave; only the owner may send others away."""
        with writing(self._engine) as connection:
            _reached(connection, project_id, by, Right.READ if name == by else Right.SHARE, lock=True)
            connection.execute(delete_rows(MEMBERS).where(MEMBERS.c.project_id == project_id, MEMBERS.c.name == name))

    def purge(self, deleted_before: str) -> int:
        """Remove for good, with lines, takes and jobs, what was deleted before an ISO 8601 UTC time; returns how many."""
        gone = PROJECTS.c.deleted_at.is_not(None) & (PROJECTS.c.deleted_at < deleted_before)
        with writing(self._engine) as connection:
            return connection.execute(delete_rows(PROJECTS).where(gone)).rowcount


def ensure_user(connection: Connection, name: str) -> None:
    """A row for a user who has none yet, within a transaction that writes."""
    if connection.execute(select(USERS.c.name).where(USERS.c.name == name)).first() is None:
        add_rows(connection, USERS, [{"name": name, "created_at": utc_now()}])  # another server may have been quicker


def hold_people(connection: Connection, *names: str) -> None:
    """Make whoever else counts what these people have wait for this transaction; in one order, so that no two wait for each other."""
    held = select(USERS.c.name).where(USERS.c.name.in_(names)).order_by(USERS.c.name)
    connection.execute(held.with_for_update(key_share=True)).all()


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


_REFUSALS = {
    Right.READ: "You may not look at “{name}”; ask {owner} to share it with you.",
    Right.NOTE: "You may look at “{name}” but not write notes on it; ask {owner} to share it with you as a reviewer.",
    Right.EDIT: "You may look at “{name}” but not change it; ask {owner} to share it with you as an editor.",
    Right.RUN: "You may look at “{name}” but start no work on it; ask {owner} to share it with you as an editor.",
    Right.EXPORT: "You may look at “{name}” but not take files of it away; ask {owner} to share it with you as an editor.",
    Right.SHARE: "“{name}” belongs to {owner}; only they can share it.",
    Right.DELETE: "“{name}” belongs to {owner}; only they can delete it.",
}
_OUTSIDE = {Right.ADMIN: "This is for administrators; ask one of them."}
_BY_ACCOUNT = "Your account looks at projects and makes or changes none; ask an administrator for an editor's account."


def _seen_by(user: str) -> Select[Any]:
    """Projects that this user owns, that are shared with them, or that everybody may see; with the roles their rights follow from."""
    shared = (MEMBERS.c.project_id == PROJECTS.c.id) & (MEMBERS.c.name == user)
    query = select(PROJECTS, MEMBERS.c.role.label("project_role"), USERS.c.role.label("person_role"), USERS.c.disabled_at)
    query = query.select_from(PROJECTS).outerjoin(MEMBERS, shared).outerjoin(USERS, USERS.c.name == user)
    is_theirs = or_(PROJECTS.c.owner == user, MEMBERS.c.name.is_not(None), PROJECTS.c.owner == DEMO_OWNER)
    return query.where(is_theirs, PROJECTS.c.deleted_at.is_(None))


def _rights(row: Row[Any], user: str) -> frozenset[Right]:
    person = _role(user, row.person_role)
    if row.disabled_at is not None:
        return frozenset()
    in_project = None if row.project_role is None else Role(row.project_role)
    if in_project is None and row.owner == DEMO_OWNER and Right.EDIT not in own_rights(person):
        in_project = Role.GUEST  # who can make projects has a demo of their own
    return rights(person, in_project, is_owner=row.owner == user)


def _role(user: str, stored: str | None) -> Role:
    """Who works at the machine itself administers it; a name without a row has made nothing yet, and is an editor like the rows made for it."""
    return Role.ADMIN if user == LOCAL_USER else Role.EDITOR if stored is None else Role(stored)


def _reached(connection: Connection, project_id: str, user: str, right: Right, *, lock: bool = False) -> Row[Any]:
    query = _seen_by(user).where(PROJECTS.c.id == project_id)
    row = connection.execute(query.with_for_update(of=PROJECTS) if lock else query).first()
    held = frozenset() if row is None else _rights(row, user)
    if row is None or Right.READ not in held:
        raise NotFound("project", project_id)
    if right not in held:
        is_capped = right not in own_rights(_role(user, row.person_role))
        raise Forbidden(_BY_ACCOUNT if is_capped else _REFUSALS[right].format(name=row.name, owner=row.owner))
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
