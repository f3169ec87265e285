"""Read an answer in the line format against the source lines it must repeat. Nothing is repaired: each line has a
translation or one reason why not (SSPO's format compliance, arXiv 2508.08550; the reasons are ours).

Text and sources in, an `Answer` out. First the rows that begin with a source and its bracket are put beside the sources, as many as
keep their order; what is left between them is merged, altered, unclosed or extra. A new reason is a new member of `Fault` and one
place that gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from models.translation.prompt import CLOSE, LINE_END, OPEN, answer_opening, one_line

COMPARED_CHARS = 200  # beginnings tell; comparing takes time with the square of the length, for every row and source
ALIKE_RATIO = 0.5  # a repeated source this similar is that source, altered; below it, the row answers nothing


class Fault(StrEnum):
    MERGED = "merged"  # one row answers several source lines
    MISSING = "missing"  # no row, or a row with empty brackets
    SOURCE_ALTERED = "source_altered"  # the source was not repeated as it stands
    UNCLOSED = "unclosed"  # the brackets of the format are not both there (others, as full-width ones, are none)
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


@dataclass(frozen=True, slots=True)
class _Place:
    """The sources `first` to `end` (exclusive) that a row answers, and the fault that is already plain."""

    first: int
    end: int
    fault: Fault | None


def parse_answer(text: str, sources: Sequence[str]) -> Answer:
    """Put the rows of `text` beside the sources. Only a line break ends a row; rows in another order than their sources are extra."""
    rows = [row for row in map(str.strip, text.split(LINE_END)) if row]
    plain = [one_line(source) for source in sources]
    anchors = _anchors(rows, plain)
    found: dict[int, LineAnswer] = {}
    extra: list[str] = []
    at = 0
    for number, row in enumerate(rows):
        limit = min((source for later, source in anchors.items() if later > number), default=len(plain))
        place = _Place(anchors[number], anchors[number] + 1, None) if number in anchors else _place_between(row, plain, at, limit)
        if place is None:
            extra.append(row)
            continue
        whole = LineAnswer(None, place.fault) if place.fault else _read_row(row, plain[place.first])
        found.update(dict.fromkeys(range(place.first, place.end), whole))
        at = place.end
    missing = LineAnswer(None, Fault.MISSING)
    return Answer(tuple(found.get(index, missing) for index in range(len(plain))), tuple(extra))


def is_closed(translation: str) -> bool:
    """Whether every bracket opened in a translation is closed in it, so that the next one closes the line itself.

    >>> is_closed("He said (laughing"), is_closed("Fine :)")
    (False, True)
    """
    return translation.count(OPEN) <= translation.count(CLOSE)


def _anchors(rows: Sequence[str], sources: Sequence[str]) -> dict[int, int]:
    """Which source each row begins with, bracket included: the longest run of such rows that keeps the sources' order.

    Of equal runs, the one with the earlier rows and the earlier sources. A row that begins with two sources, "x" and "x(y)", has the longer.
    """
    begins = [_begun(row, sources) for row in rows]
    best = [[0] * (len(sources) + 1) for _ in range(len(rows) + 1)]  # best[r][s]: rows from r, sources from s
    for r in range(len(rows) - 1, -1, -1):
        for s in range(len(sources) - 1, -1, -1):
            best[r][s] = max(best[r + 1][s], best[r][s + 1], 1 + best[r + 1][s + 1] if s in begins[r] else 0)
    found: dict[int, int] = {}
    r = s = 0
    while r < len(rows) and s < len(sources):
        if s in begins[r] and best[r][s] == 1 + best[r + 1][s + 1]:
            found[r] = s
            r, s = r + 1, s + 1
        elif best[r][s] == best[r][s + 1]:
            s += 1
        else:
            r += 1
    return found


def _begun(row: str, sources: Sequence[str]) -> set[int]:
    fitting = [index for index, source in enumerate(sources) if row.startswith(answer_opening(source))]
    longest = max((len(sources[index]) for index in fitting), default=0)
    return {index for index in fitting if len(sources[index]) == longest}


def _place_between(row: str, sources: Sequence[str], at: int, limit: int) -> _Place | None:
    """What a row without an anchor answers among the sources from `at` to `limit`, the nearest first; None for nothing."""
    for first in range(at, limit - 1):
        end = _merged_end(row, sources[:limit], first)
        if end is not None:
            return _Place(first, end, Fault.MERGED)
    for index in range(at, limit):
        if sources[index] and row.startswith(sources[index]) and not row[len(sources[index]) :][:1].isalnum() and OPEN not in row:
            return _Place(index, index + 1, Fault.UNCLOSED)
    if OPEN not in row:
        return None
    repeated = row.split(OPEN)[0]
    likeness = [_likeness(repeated, source.split(OPEN)[0]) for source in sources[at:limit]]
    if not likeness or max(likeness) < ALIKE_RATIO:
        return None
    index = at + likeness.index(max(likeness))
    return _Place(index, index + 1, Fault.SOURCE_ALTERED)


def _likeness(repeated: str, source: str) -> float:
    """0..1, of the two beginnings; the slow comparison only where the quick bound leaves a chance."""
    matcher = SequenceMatcher(None, repeated[:COMPARED_CHARS], source[:COMPARED_CHARS], autojunk=False)
    if matcher.real_quick_ratio() < ALIKE_RATIO or matcher.quick_ratio() < ALIKE_RATIO:
        return 0.0
    return matcher.ratio()


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
    """Letters and digits alone, as a row that merges lines may put other stops between them; of a line without any, all but spaces."""
    return "".join(filter(str.isalnum, text)) or "".join(text.split())


def _read_row(row: str, source: str) -> LineAnswer:
    translation = row[len(answer_opening(source)) : -len(CLOSE)].strip()
    if not row.endswith(CLOSE) or len(row) <= len(source) + len(OPEN) or not is_closed(translation):
        return LineAnswer(None, Fault.UNCLOSED)
    return LineAnswer(translation, None) if translation else LineAnswer(None, Fault.MISSING)
