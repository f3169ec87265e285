"""Tables of line pairs, plain or packed, with or without a header row, as scenes of dialogue.

In: TSV or TSV.xz, read until enough lines are there; out: a `Table` that also says which rows were left out and why. A new column is a
name in `_ALIASES` or `_NUMERIC` and a field of `TableLine`.
"""

from __future__ import annotations

import lzma
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

from studio.domain.errors import BadSetting, NotFound
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan

_ALIASES = {"src": "source", "tgt": "target", "doc": "document", "doc_id": "document", "line_no": "line"}
_NUMERIC = {"line", "start_s", "end_s", "start_ms", "end_ms", "start", "end"}
NO_WORDS = "source or target has no words"
BAD_SPAN = "the span does not end after its start, or is no number of seconds"
TOO_LONG = f"a side is longer than {Limits().max_text_chars} characters"


@dataclass(frozen=True, slots=True)
class TableLine:
    """One row: `document` is empty in a table without documents, `span` None in one without times."""

    document: str
    source: str
    target: str
    span: TimeSpan | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Lines in their order. `skipped`: reason -> rows left out before the last line was found."""

    name: str
    lines: tuple[TableLine, ...]
    skipped: dict[str, int]

    @property
    def is_timed(self) -> bool:
        return bool(self.lines) and self.lines[0].span is not None

    def notices(self) -> tuple[str, ...]:
        """One sentence per reason for which rows were left out."""
        return tuple(f"{count} {'row was' if count == 1 else 'rows were'} left out: {reason}." for reason, count in self.skipped.items())


def load_table(path: Path, columns: Sequence[str], limit: int | None = None) -> Table:
    """The first `limit` usable lines. Raises NotFound and BadSetting, also when no line is usable."""
    skipped: Counter[str] = Counter()
    lines = tuple(islice(read_table(path, columns, skipped), limit))
    if not lines:
        why = "".join(f"; {count} rows: {reason}" for reason, count in skipped.items())
        raise BadSetting(f"{path.name} has no line to translate{why}.")
    return Table(path.name, lines, dict(skipped))


def read_table(path: Path, columns: Sequence[str], skipped: Counter[str] | None = None) -> Iterator[TableLine]:
    """Usable rows in order, read as they are needed; the others are counted in `skipped`, by reason."""
    if not path.is_file():
        raise NotFound("table", str(path))
    names = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in columns]
    if absent := [name for name in ("source", "target") if name not in names]:
        raise BadSetting(f"--columns must name {' and '.join(absent)}; it is {','.join(columns)}.")
    if len({"start_s", "end_s"} & set(names)) == 1:
        raise BadSetting("--columns must name both start_s and end_s, or neither.")
    try:
        with _open(path) as rows:
            for item in _table_lines(path.name, rows, names):
                if isinstance(item, TableLine):
                    yield item
                elif skipped is not None:
                    skipped[item] += 1
    except (UnicodeDecodeError, lzma.LZMAError, EOFError) as error:
        raise BadSetting(f"{path.name} is no UTF-8 table: {error}.") from error


def scenes_of(lines: Sequence[TableLine], lines_per_scene: int) -> list[range]:
    """Stretches of consecutive lines of one document, none longer than `lines_per_scene`, as ranges of places in `lines`."""
    scenes, start = [], 0
    for place in range(1, len(lines) + 1):
        is_over = place == len(lines) or lines[place].document != lines[start].document
        if is_over or place - start == lines_per_scene:
            scenes.append(range(start, place))
            start = place
    return scenes


def _table_lines(table: str, rows: Iterable[str], names: list[str]) -> Iterator[TableLine | str]:
    """A line, or the reason why there is none, for every row but a header."""
    places = {name: place for place, name in enumerate(names)}
    begun = list(islice(rows := iter(rows), 2))
    second = begun[1].rstrip("\r\n").split("\t") if len(begun) > 1 else []
    for number, row in enumerate(chain(begun, rows), 1):
        cells = row.rstrip("\r\n").split("\t")
        if number == 1 and (header := _header(cells, second, names)) is not None:
            places = header
            continue
        if len(cells) <= max(places[name] for name in names):
            raise BadSetting(f"{table}, row {number}, has {len(cells)} cells, too few for the columns {','.join(names)}.")
        yield _line({name: cells[place].strip() for name, place in places.items()})


def _line(cells: dict[str, str]) -> TableLine | str:
    source, target = cells["source"], cells["target"]
    if not source or not target:
        return NO_WORDS
    if max(len(source), len(target)) > Limits().max_text_chars:
        return TOO_LONG
    if "start_s" not in cells:
        return TableLine(cells.get("document", ""), source, target)
    try:
        span = TimeSpan(round(1000 * float(cells["start_s"])), round(1000 * float(cells["end_s"])))
    except (ValueError, OverflowError):
        return BAD_SPAN
    return TableLine(cells.get("document", ""), source, target, span)


def _header(cells: list[str], second: list[str], names: list[str]) -> dict[str, int] | None:
    """Where each wanted column is, when the first row is a header: it names them all, or holds words where the second has numbers."""
    titles = [_ALIASES.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
    if set(names) <= set(titles):
        return {name: titles.index(name) for name in names}
    is_header = _has_number(second, names) and not _has_number(cells, names)
    return {name: place for place, name in enumerate(names)} if is_header else None


def _has_number(cells: list[str], names: list[str]) -> bool:
    numeric = (cell for cell, name in zip(cells, names, strict=False) if name in _NUMERIC)
    return any(not cell.strip() or cell.strip()[0].isdigit() or cell.strip()[0] in "-." for cell in numeric)  # a number may be left out


def _open(path: Path) -> IO[str]:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="\n")
    return path.open(encoding="utf-8", newline="\n")
