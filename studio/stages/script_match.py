"""Which line of a project each line of a script is: by its id, else by where it lies and how much the words are alike.

Enter: the project's lines and the drafts of a script. Leave: pairs, and what has none. Pure, near linear in the number of lines.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from studio.domain.line import Line
from studio.domain.project import LineDraft

PLACE_WEIGHT = 0.5  # of the score; the rest is for the words
LOWEST_SCORE = 0.45
COMPARED_CHARS = 200  # of each text; enough to tell two lines apart
LOOKED_AT = 12  # neighbours in time that a draft is held against


@dataclass(frozen=True, slots=True)
class Matched:
    """A draft and the line it is. `is_by_id`: the script named the line."""

    draft: LineDraft
    line: Line
    is_by_id: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """All pairs in the order of the drafts; drafts that are new; lines the script does not have."""

    pairs: tuple[Matched, ...]
    new: tuple[LineDraft, ...]
    missing: tuple[Line, ...]

    @property
    def share(self) -> float:
        """Of the script's lines, how many are lines of the project; 1.0 for a script without lines."""
        total = len(self.pairs) + len(self.new)
        return len(self.pairs) / total if total else 1.0


def match_script(lines: Sequence[Line], drafts: Sequence[LineDraft]) -> Matching:
    """Pair drafts with lines, each at most once: ids first, then the same words that are there once on either side, then place and
    words together, best first."""
    paired: dict[int, tuple[Line, bool]] = {}
    taken: set[str] = set()
    by_id = {line.id: line for line in lines}
    for at, draft in enumerate(drafts):
        line = by_id.get(draft.key or "")
        if line is not None and line.id not in taken:
            paired[at] = (line, True)
            taken.add(line.id)
    for found in (_by_words, _by_place):
        for at, line in found(lines, drafts, paired, taken):
            if at not in paired and line.id not in taken:
                paired[at] = (line, False)
                taken.add(line.id)
    return Matching(
        tuple(Matched(draft, *paired[at]) for at, draft in enumerate(drafts) if at in paired),
        tuple(draft for at, draft in enumerate(drafts) if at not in paired),
        tuple(line for line in lines if line.id not in taken),
    )


def likeness(first: str, second: str) -> float:
    """How much two texts are alike, 0 to 1, whatever their case, width and punctuation; two empty texts are alike.

    >>> likeness("Hello, there!", "hello there"), likeness("yes", "")
    (1.0, 0.0)
    """
    one, other = plain_words(first), plain_words(second)
    if one == other:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


def plain_words(text: str) -> str:
    """Letters and digits of a text only, in one case and width."""
    folded = unicodedata.normalize("NFKC", text[:COMPARED_CHARS]).casefold()
    return " ".join("".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in folded).split())


def alike(line: Line, draft: LineDraft) -> float:
    """How much a draft says the same as a line, by the side on which they are most alike."""
    sides = ((line.source_text, draft.text), (line.target_text, draft.target_text))
    both = [likeness(one, other) for one, other in sides if one.strip() and other.strip()]
    return max(both, default=1.0 if not any(text.strip() for side in sides for text in side) else 0.0)


def _by_words(lines: Sequence[Line], drafts: Sequence[LineDraft], paired: dict[int, tuple[Line, bool]], taken: set[str]) -> list[tuple[int, Line]]:
    """The same words, there once in the script and once in the project: the line, wherever it was moved to."""
    use_source = any(draft.text.strip() for draft in drafts)
    mine = [(plain_words(line.source_text if use_source else line.target_text), line) for line in lines if line.id not in taken]
    theirs = [(plain_words(draft.text if use_source else draft.target_text), at) for at, draft in enumerate(drafts) if at not in paired]
    once_here, once_there = Counter(words for words, _ in mine), Counter(words for words, _ in theirs)
    lines_by_words = {words: line for words, line in mine if words and once_here[words] == 1}
    return [(at, lines_by_words[words]) for words, at in theirs if words in lines_by_words and once_there[words] == 1]


def _by_place(lines: Sequence[Line], drafts: Sequence[LineDraft], paired: dict[int, tuple[Line, bool]], taken: set[str]) -> list[tuple[int, Line]]:
    """Overlapping pairs that are near enough, the best first; of equals the earlier."""
    open_lines = sorted((line for line in lines if line.id not in taken), key=lambda line: line.span)
    starts = [line.span.start_ms for line in open_lines]
    scored = []
    for at, draft in enumerate(drafts):
        if at in paired:
            continue
        middle = bisect_left(starts, draft.start_ms)
        last = min(bisect_right(starts, draft.end_ms), middle + LOOKED_AT)
        for line in open_lines[max(0, middle - LOOKED_AT) : last]:
            place = shared_share(line, draft)
            if place > 0:
                score = PLACE_WEIGHT * place + (1 - PLACE_WEIGHT) * alike(line, draft)
                scored.append((-score, at, line.span.start_ms, line))
    ranked = sorted((one for one in scored if -one[0] >= LOWEST_SCORE), key=lambda one: one[:3])
    return [(at, line) for _, at, _, line in ranked]


def shared_share(line: Line, draft: LineDraft) -> float:
    """The time both hold, as a share of the time either holds."""
    shared_ms = min(line.span.end_ms, draft.end_ms) - max(line.span.start_ms, draft.start_ms)
    whole_ms = max(line.span.end_ms, draft.end_ms) - min(line.span.start_ms, draft.start_ms)
    return max(0, shared_ms) / whole_ms
