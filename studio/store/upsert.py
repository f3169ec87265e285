"""Rows that may be there already, written without a race: rows in, how many were new out. For SQLite and PostgreSQL alike.

To look first and insert then is safe on SQLite alone, which has one writer at a time; on PostgreSQL two servers may look at once. Where more than
one row must agree, hold what they share instead (`line_rows.hold_project`, `with_for_update`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those that are not there yet, by any unique key; the others stay as they are. Returns how many were new; of several rows, the
    database may not tell (-1)."""
    if not rows:
        return 0
    statement = _insert(connection, table).on_conflict_do_nothing()
    return connection.execute(statement, [dict(row) for row in rows] if len(rows) > 1 else dict(rows[0])).rowcount


def put_row(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """One row of a unique key with these values: a new one, or the one there is, changed."""
    statement = _insert(connection, table).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _insert(connection: Connection, table: Table) -> Any:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
