"""Read an answer in the line format against the source lines it must repeat. Nothing is repaired: each line has a
translation or one reason why not (SSPO's format compliance, arXiv 2508.08550; the reasons are ours).

Text and sources in, an `Answer` out. A new reason is a new member of `Fault` and one place that gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from models.translation.prompt import CLOSE, OPEN, answer_opening

ALIKE_RATIO = 0.5  # a repeated source this similar is that source, altered; below it, the row answers nothing


class Fault(StrEnum):
    MERGED = "merged"  # one row answers several source lines
    MISSING = "missing"  # no row, or a row with empty brackets
    SOURCE_ALTERED = "source_altered"  # the source was not repeated as it stands
    UNCLOSED = "unclosed"  # the closing bracket is not there
    EXTRA = "extra"  # a row that answers no source line


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The answer to one source line: a translation, or the fault that leaves it without one."""

    translation: str | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One `LineAnswer` per source line, in order, and the rows that answer nothing (each of them `Fault.EXTRA`)."""

    lines: tuple[LineAnswer, ...]
    extra_rows: tuple[str, ...]

    @property
    def is_compliant(self) -> bool:
        """Whether the answer is exactly n lines, each with its source repeated."""
        return not self.extra_rows and all(line.fault is None for line in self.lines)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """One reason per failing line, then one per extra row."""
        return tuple(line.fault for line in self.lines if line.fault) + (Fault.EXTRA,) * len(self.extra_rows)


def parse_answer(text: str, sources: Sequence[str]) -> Answer:
    """Walk the rows of `text` beside the sources. A row may skip sources (they are missing) but never go back."""
    found: dict[int, LineAnswer] = {}
    extra: list[str] = []
    at = 0
    for row in filter(None, map(str.strip, text.splitlines())):
        place = _place_of(row, sources, at)
        if place is None:
            extra.append(row)
            continue
        first, end, fault = place
        whole = LineAnswer(None, fault) if fault else _read_row(row, sources[first])
        found.update(dict.fromkeys(range(first, end), whole))
        at = end
    missing = LineAnswer(None, Fault.MISSING)
    return Answer(tuple(found.get(index, missing) for index in range(len(sources))), tuple(extra))


def _place_of(row: str, sources: Sequence[str], at: int) -> tuple[int, int, Fault | None] | None:
    """Which sources (first, end) a row answers, the nearest first, and the fault that is already plain."""
    for index in range(at, len(sources)):
        if row.startswith(answer_opening(sources[index])):
            return index, index + 1, None
    for index in range(at, len(sources) - 1):
        end = _merged_end(row, sources, index)
        if end is not None:
            return index, end, Fault.MERGED
    repeated = row.split(OPEN)[0]
    if OPEN not in row:
        return None
    likeness = [SequenceMatcher(None, repeated, source).ratio() for source in sources[at:]]
    if not likeness or max(likeness) < ALIKE_RATIO:
        return None
    index = at + likeness.index(max(likeness))
    return index, index + 1, Fault.SOURCE_ALTERED


def _merged_end(row: str, sources: Sequence[str], first: int) -> int | None:
    """One past the last source when `row` repeats two or more of them, from `first`, before its bracket."""
    repeated = _squeezed(row.split(OPEN)[0])
    joined = _squeezed(sources[first])
    for end in range(first + 1, len(sources)):
        joined += _squeezed(sources[end])
        if repeated == joined:
            return end + 1
        if not repeated.startswith(joined):
            return None
    return None


def _squeezed(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _read_row(row: str, source: str) -> LineAnswer:
    if not row.endswith(CLOSE):
        return LineAnswer(None, Fault.UNCLOSED)
    translation = row[len(answer_opening(source)) : -len(CLOSE)].strip()
    return LineAnswer(translation, None) if translation else LineAnswer(None, Fault.MISSING)
