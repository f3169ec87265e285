"""What all tables stand on: the MetaData with its names of keys, and the columns that many have. The tables are in `schema.py`."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, MetaData, String

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def json_column(name: str, *, nullable: bool = True) -> Column[object]:
    """A JSON column in which None is NULL, never the text "null"."""
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def project_column() -> Column[object]:
    """Whose project a row belongs to; it goes with it."""
    return Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
