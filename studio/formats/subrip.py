"""SubRip (.srt) as found in the wild: numbers missing, blank lines inside, dots for commas, times without milliseconds.

Every timing line opens a cue; its text runs to the next timing line, less that cue's own number.
"""

from __future__ import annotations

from studio.formats.cue import Cue, Ledger
from studio.formats.markup import TAGS_REMOVED, spoken
from studio.formats.timing_lines import BAD_TIME, ODD_TIME, Timing, is_failed_timing, read_timing, text_lines


def looks_like(text: str) -> bool:
    return any(read_timing(line) is not None for line in text_lines(text[:20_000])[:400])


def parse(text: str, ledger: Ledger) -> list[Cue]:
    """Cues of an SRT text in file order."""
    lines = text_lines(text)
    marks = _marks(lines, ledger)
    cues: list[Cue] = []
    last_index = 0
    for position, (at, timing) in enumerate(marks):
        until = marks[position + 1][0] if position + 1 < len(marks) else len(lines)
        index = _index_before(lines, at, last_index)
        last_index = index if index is not None else last_index + 1
        where = f"cue {position + 1} (line {at + 1})"
        if timing is None:
            ledger.drop(where, BAD_TIME)
            continue
        body = _body(lines, at + 1, until, last_index)
        cues.append(_cue(where, timing, body, ledger))
    return cues


def _marks(lines: list[str], ledger: Ledger) -> list[tuple[int, Timing | None]]:
    """Where timing lines are, with their times; None for one that cannot be read."""
    marks: list[tuple[int, Timing | None]] = []
    for at, line in enumerate(lines):
        timing = read_timing(line)
        if timing is not None or is_failed_timing(line):
            marks.append((at, timing))
            ledger.expect(len(marks))
    return marks


def _index_before(lines: list[str], at: int, last_index: int) -> int | None:
    """The cue number on the line before a timing line; a number that is the end of the cue before is not one."""
    number = lines[at - 1].strip() if at else ""
    if not (number.isascii() and number.isdigit() and len(number) <= 7):
        return None
    is_apart = at < 2 or not lines[at - 2].strip() or read_timing(lines[at - 2]) is not None
    return int(number) if is_apart or int(number) == last_index + 1 else None


def _body(lines: list[str], first: int, until: int, last_index: int) -> list[str]:
    if until < len(lines) and until - 1 >= first and _index_before(lines, until, last_index) is not None:
        until -= 1
    return lines[first:until]


def _cue(where: str, timing: Timing, body: list[str], ledger: Ledger) -> Cue:
    if timing.is_odd:
        ledger.change(where, ODD_TIME)
    clean = spoken("\n".join(body))
    if clean.was_marked_up or timing.settings:
        ledger.change(where, TAGS_REMOVED)
    return Cue.of(where, timing.start.ms, timing.end.ms, clean)
