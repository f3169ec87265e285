"""Scenes to sample: the lines of a headerless table, cut into runs of one document that a model can read.

A table and the names of its columns in, `TableScene`s out; twenty lines of our own for trying out. Another rule of cutting belongs
beside `cut_scenes`.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from models.translation.data import Pair, is_clean, open_text
from models.translation.prompt import one_line

NAMES, NEEDED = ("document", "line", "source", "target", "start_s", "end_s"), ("document", "source", "target")


@dataclass(frozen=True, slots=True)
class TableLine:
    """One row. `spoken_s`: how long the line is on screen, where the table says. `number`: the row's own, or its place."""

    document: str
    number: str
    source: str
    target: str
    spoken_s: float | None = None


@dataclass(frozen=True, slots=True)
class TableScene:
    """Neighbouring lines of one document; `scene_id` is the document and the first line's number."""

    scene_id: str
    lines: tuple[TableLine, ...]


@dataclass(frozen=True, slots=True)
class SceneLimits:
    """How far a scene goes: lines, tokens (as `cost_tokens` counts a line), and the lines it shares with the scene before it."""

    max_lines: int
    budget_tokens: int
    overlap_lines: int = 0

    def __post_init__(self) -> None:
        if self.max_lines < 1 or not 0 <= self.overlap_lines < self.max_lines:
            raise ValueError(f"Scenes of {self.max_lines} lines cannot share {self.overlap_lines} with the next; the overlap must be shorter.")


def column_names(text: str) -> tuple[str, ...]:
    """Names from "document,line,source,target"; "-" passes a column over. Raises ValueError."""
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in (*NAMES, "-")]
    missing = [name for name in NEEDED if names.count(name) != 1]
    if unknown or missing or ("start_s" in names) != ("end_s" in names):
        raise ValueError(f"The columns “{text}” must name {', '.join(NEEDED)} once, may name line, start_s with end_s, and - for others.")
    return names


def read_table(path: Path, names: Sequence[str]) -> Iterator[TableLine]:
    """Rows in order, white space made single; rows without a source or a target are passed over. Raises ValueError with the row's number."""
    for number, row in enumerate(_rows(path), start=1):
        cells = row.rstrip("\r\n").split("\t")
        if len(cells) < len(names):
            raise ValueError(f"{path.name}, row {number}: {len(cells)} cells where {len(names)} are named.")
        line = _table_line(dict(zip(names, cells, strict=False)), number, path)
        if line.source and line.target:
            yield line


def _rows(path: Path) -> Iterator[str]:
    try:
        with open_text(path) as table:
            yield from table
    except (UnicodeDecodeError, lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{path.name} is no UTF-8 table, or a damaged one ({error}); fetch or copy it again.") from error


def clean_lines(lines: Iterable[TableLine], languages: tuple[str, str]) -> Iterator[TableLine]:
    """Lines that training reads, too (`data.is_clean`)."""
    return (line for line in lines if is_clean(Pair(line.document, line.source, line.target), languages))


def _table_line(cells: dict[str, str], number: int, path: Path) -> TableLine:
    spoken_s = None
    if "start_s" in cells:
        try:
            spoken_s = float(cells["end_s"]) - float(cells["start_s"])
        except ValueError as error:
            raise ValueError(f"{path.name}, row {number}: start and end must be seconds, not “{cells['start_s']}” and “{cells['end_s']}”.") from error
        if not spoken_s > 0:
            raise ValueError(f"{path.name}, row {number}: the line ends before it starts ({cells['start_s']} to {cells['end_s']} s).")
    return TableLine(cells["document"], cells.get("line", str(number)), one_line(cells["source"]), one_line(cells["target"]), spoken_s)


def cut_scenes(lines: Iterable[TableLine], limits: SceneLimits, cost_tokens: Callable[[TableLine], int]) -> Iterator[TableScene]:
    """Every line in at least one scene; a line over the budget alone is a scene by itself."""
    for _, group in groupby(lines, key=lambda line: line.document):
        document = list(group)
        costs = [cost_tokens(line) for line in document]
        start = 0
        while start < len(document):
            end = start + 1
            while end < min(len(document), start + limits.max_lines) and sum(costs[start : end + 1]) <= limits.budget_tokens:
                end += 1
            yield TableScene(f"{document[start].document}:{document[start].number}", tuple(document[start:end]))
            start = end if end == len(document) else max(start + 1, end - limits.overlap_lines)


SMOKE_LINES: tuple[tuple[str, str], ...] = (
    ("早上好", "Good morning."), ("你昨天去哪儿了", "Where did you go yesterday?"), ("我在家里看书", "I was at home reading."),
    ("我给你打了三次电话", "I called you three times."), ("对不起 我没听见", "Sorry, I didn't hear it."), ("没关系 你吃饭了吗", "Never mind. Have you eaten?"),
    ("还没有 我很饿", "Not yet. I'm very hungry."), ("那我们一起去吧", "Then let's go together."), ("等我一下", "Wait a moment."),
    ("我先换件衣服", "I'll change my clothes first."), ("外面冷吗", "Is it cold outside?"), ("有一点冷 带上外套", "A little. Take a coat."),
    ("你想吃什么", "What do you want to eat?"), ("随便 我都喜欢", "Anything. I like it all."), ("听说车站旁边有一家新餐馆", "They say there's a new restaurant by the station."),
    ("好 走路去要多久", "Good. How long is it on foot?"), ("大概十分钟", "About ten minutes."), ("钥匙在哪里", "Where are the keys?"),
    ("在桌子上", "On the table."), ("走吧", "Let's go."),
)  # fmt: skip


def smoke_lines() -> list[TableLine]:
    """One short conversation from Chinese into English, written for this purpose."""
    return [TableLine("smoke", str(number), source, target) for number, (source, target) in enumerate(SMOKE_LINES)]
