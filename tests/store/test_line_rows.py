"""Rows and history entries of a line say all there is to say about it."""

from __future__ import annotations

from dataclasses import fields

from studio.domain.line import Line
from studio.domain.plain import from_plain
from studio.store.line_rows import line_columns, twice_named
from studio.store.lines import LineStore
from studio.store.schema import LINES
from tests.store.samples import a_cast


def test_every_field_of_a_line_has_its_column() -> None:
    of_the_store = {"project_id", "ordinal", "revision"}
    assert set(line_columns(a_cast().lines[1])) | of_the_store == set(LINES.c.keys())
    assert {item.name for item in fields(Line)} - set(LINES.c.keys()) == {"span"}


def test_the_history_of_a_whole_line_rebuilds_it(lines: LineStore, project: object) -> None:
    cast = a_cast()
    lines.replace_cast(project.id, cast)
    for line in cast.lines:
        (edit,) = lines.history(project.id, line.id)
        assert (edit.field, edit.before) == ("line", None)
        assert from_plain(Line, edit.after) == line


def test_ids_that_occur_twice_are_named() -> None:
    assert twice_named(["a", "b", "a", "c", "c"]) == {"a", "c"}
    assert twice_named(["a", "b"]) == set()
