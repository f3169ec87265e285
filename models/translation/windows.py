"""Windows of a scene: runs of at most 35 lines that overlap, as SSPO translates them (arXiv 2508.08550; papers §1.5).

Numbers of lines, or what each line costs, in; `Window`s out. The overlap is a lead-in: lines whose translations are known by then and
stand in the answer already. `pieces` cuts a line that is too long for any window. Another way of cutting is another function here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MAX_LINES, OVERLAP_LINES = 35, 10
_SENTENCE_END = re.compile(r"(?<=[.!?…;。！？；])\s*")
_CLAUSE_END = re.compile(r"(?<=[,:，、：])\s*|\s+(?=[-–—])")


@dataclass(frozen=True, slots=True)
class Window:
    """Lines `first` to `end` (exclusive) are translated together; the answers of `keep_from` to `end` are new, those before are the lead-in."""

    first: int
    end: int
    keep_from: int

    @property
    def n_lead_in(self) -> int:
        return self.keep_from - self.first


def scene_windows(n_lines: int, *, max_lines: int = MAX_LINES, overlap_lines: int = OVERLAP_LINES) -> tuple[Window, ...]:
    """Windows that together keep each of `n_lines` lines once; none for an empty scene.

    >>> scene_windows(40)
    (Window(first=0, end=35, keep_from=0), Window(first=25, end=40, keep_from=35))
    """
    return budgeted_windows([0] * n_lines, 0, max_lines=max_lines, overlap_lines=overlap_lines)


def budgeted_windows(
    costs_tokens: Sequence[int], budget_tokens: int, *, max_lines: int = MAX_LINES, overlap_lines: int = OVERLAP_LINES
) -> tuple[Window, ...]:
    """As `scene_windows`, and the lines of a window cost no more than `budget_tokens` together.

    The lead-in takes at most half of the budget and is given up before a new line is. Only a line that is over the budget alone stands
    in a window that is, and then by itself. Raises ValueError for an overlap that leaves no room for new lines.
    """
    if max_lines < 1 or not 0 <= overlap_lines < max_lines:
        raise ValueError(f"{overlap_lines} lines of overlap in windows of {max_lines} lines leave nothing new; the overlap must be shorter.")
    windows: list[Window] = []
    keep_from = 0
    while keep_from < len(costs_tokens):
        first = _lead_in_start(costs_tokens, keep_from, budget_tokens, overlap_lines)
        end = keep_from + 1
        cost = sum(costs_tokens[first:end])
        while end < len(costs_tokens) and end - first < max_lines and cost + costs_tokens[end] <= budget_tokens:
            cost += costs_tokens[end]
            end += 1
        windows.append(Window(first, end, keep_from))
        keep_from = end
    return tuple(windows)


def _lead_in_start(costs_tokens: Sequence[int], keep_from: int, budget_tokens: int, overlap_lines: int) -> int:
    first = max(0, keep_from - overlap_lines)
    while first < keep_from:
        lead_in = sum(costs_tokens[first:keep_from])
        if 2 * lead_in <= budget_tokens and lead_in + costs_tokens[keep_from] <= budget_tokens:
            break
        first += 1
    return first


def pieces(text: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """A line cut into the fewest runs of whole sentences that fit; a sentence that does not, at commas, then at spaces, then anywhere.

    `fits` says whether a piece is short enough; of a single character it is not asked. White space between pieces is dropped, nothing else.
    """
    return (text,) if fits(text) else tuple(_cut(text.strip(), fits, (_SENTENCE_END.split, _CLAUSE_END.split, str.split, list)))


def _cut(text: str, fits: Callable[[str], bool], ways: Sequence[Callable[[str], list[str]]]) -> list[str]:
    found: list[str] = []
    start = end = 0  # of the piece at hand, in `text`
    for part in filter(None, map(str.strip, ways[0](text))):
        at = text.index(part, end)
        if end and fits(text[start : at + len(part)]):
            end = at + len(part)
            continue
        found.append(text[start:end])
        start, end = at, at + len(part)
    runs = filter(None, [*found, text[start:end]])
    return [piece for run in runs for piece in ((run,) if len(run) == 1 or fits(run) else _cut(run, fits, ways[1:]))]
