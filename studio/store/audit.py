"""The audit trail: who changed, shared, exported or administered what. Acts in; entries out, newest first. Nothing is ever changed in it.

Edits of lines are not written here one by one: the history (`changes`) has each of them already. `write` takes ids, counts and names of
accounts; a text, a password or a link in it is a mistake of ours and is refused. Of a failed login keep the name only where the account exists:
people type passwords into the wrong field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, Select, delete, insert, select

from studio.domain.audit import ACTION, MAX_ACTION_CHARS, MAX_DETAIL_CHARS, MAX_SUBJECT_CHARS, MAX_USER_CHARS, NEVER_KEPT, AuditEntry, AuditQuery, Detail
from studio.store.database import reading, utc_now, writing
from studio.store.schema import AUDIT

PAGE_ENTRIES = 500  # entries read at once where all are walked
_TABLE = AUDIT.c


class AuditStore:
    """The audit table; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, user: str, action: str, project_id: str | None = None, subject: str = "", **detail: Detail) -> None:
        """Keep one act, durably, such as ``write("ada", "project.share", project.id, "bob", role="reviewer")``.

        `user` "" is somebody who is not logged in; "system" is the studio itself. Long strings are cut."""
        assert ACTION.fullmatch(action) and len(action) <= MAX_ACTION_CHARS, action
        assert not NEVER_KEPT & detail.keys(), f"{action} would keep {sorted(NEVER_KEPT & detail.keys())}"
        values = {
            "at": utc_now(),
            "user": _plain(user, MAX_USER_CHARS),
            "action": action,
            "project_id": project_id,
            "subject": _plain(subject, MAX_SUBJECT_CHARS),
            "detail": {name: _kept(value) for name, value in detail.items()} or None,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(AUDIT).values(**values))

    def list(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """At most `query.limit` entries, newest first."""
        with reading(self._engine) as connection:
            return tuple(_entry(row) for row in connection.execute(_select(query)))

    def has_lately(self, user: str, action: str, project_id: str | None, subject: str, within_s: float) -> bool:
        """Whether the same act was written in the last so many seconds."""
        since = (datetime.now(UTC) - timedelta(seconds=within_s)).isoformat(timespec="microseconds")
        same = (_TABLE.user == user) & (_TABLE.action == action) & (_TABLE.project_id == project_id) & (_TABLE.subject == subject)
        with reading(self._engine) as connection:
            return connection.execute(select(_TABLE.seq).where(same, _TABLE.at >= since).limit(1)).first() is not None

    def walk(self, query: AuditQuery) -> Iterator[AuditEntry]:
        """Every entry of the query, newest first, read page by page; `query.limit` does not matter."""
        page = self.list(replace(query, limit=PAGE_ENTRIES))
        while page:
            yield from page
            page = self.list(replace(query, limit=PAGE_ENTRIES, before=page[-1].seq))

    def actions(self) -> tuple[str, ...]:
        """Every action that occurs, sorted."""
        with reading(self._engine) as connection:
            return tuple(connection.scalars(select(_TABLE.action).distinct().order_by(_TABLE.action)))

    def tidy(self, kept_days: int) -> int:
        """Forget what is older than so many days; the housekeeping does it."""
        return self.forget((datetime.now(UTC) - timedelta(days=kept_days)).isoformat(timespec="microseconds"))

    def forget(self, before: str) -> int:
        """Delete the acts older than `before` (ISO 8601 UTC), as retention asks; returns how many there were."""
        with writing(self._engine) as connection:
            return connection.execute(delete(AUDIT).where(_TABLE.at < before)).rowcount


def _select(query: AuditQuery) -> Select[Any]:
    found = select(AUDIT).order_by(_TABLE.seq.desc()).limit(query.limit)
    if query.user is not None:
        found = found.where(_TABLE.user == query.user)
    if query.project_id is not None:
        found = found.where(_TABLE.project_id == query.project_id)
    if query.since is not None:
        found = found.where(_TABLE.at >= query.since)
    if query.until is not None:
        found = found.where(_TABLE.at < query.until)
    if query.before is not None:
        found = found.where(_TABLE.seq < query.before)
    if query.action is None:
        return found
    return found.where(_TABLE.action.startswith(query.action, autoescape=True) if query.action.endswith(".") else _TABLE.action == query.action)


def _entry(row: Row[Any]) -> AuditEntry:
    detail: Mapping[str, Detail] = row.detail or {}
    return AuditEntry(row.seq, row.at, row.user, row.action, row.project_id, row.subject, detail)


def _kept(value: Detail) -> Detail:
    return _plain(value, MAX_DETAIL_CHARS) if isinstance(value, str) else value


def _plain(text: str, max_chars: int) -> str:
    """What any database and any terminal takes: control characters and half characters become "�"."""
    return "".join(char if char.isprintable() and not "\ud800" <= char <= "\udfff" else "�" for char in text[:max_chars])
