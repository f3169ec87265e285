"""The line "start --> end" that SRT and WebVTT share, and the cue blocks it opens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.formats.times import CLOCK, ClockTime, read_clock

_ARROW = r"[ \t]*(?:-{1,3}[ \t]?>|[—–][ \t]?>|→|⟶)[ \t]*"
_TIMING = re.compile(rf"[ \t]*({CLOCK}){_ARROW}({CLOCK})(?=$|[ \t<;|])(.*)", re.ASCII)
_ATTEMPT = re.compile(r"[ \t]*[-+]?\d[^\n]{0,40}-{1,3}[ \t]?>[ \t]*[-+\d]", re.ASCII)
ODD_TIME = "Minutes or seconds over 59, or a minus sign, were read as they stand; check the time."
BAD_TIME = "Its time cannot be read, so it was left out; write it as 00:00:01,000 --> 00:00:02,000."


@dataclass(frozen=True, slots=True)
class Timing:
    start: ClockTime
    end: ClockTime
    settings: str

    @property
    def is_odd(self) -> bool:
        return self.start.is_odd or self.end.is_odd


def read_timing(line: str) -> Timing | None:
    """The times of a timing line, or None when `line` is no such line."""
    if len(line) > 2000 or ">" not in line and "→" not in line and "⟶" not in line:
        return None
    found = _TIMING.match(line)
    if found is None:
        return None
    start, end = read_clock(found[1]), read_clock(found[2])
    return Timing(start, end, found[3].strip()) if start is not None and end is not None else None


def is_failed_timing(line: str) -> bool:
    """True for a line that tries to be a timing line and is not one."""
    return "->" in line and len(line) <= 2000 and _ATTEMPT.match(line) is not None and read_timing(line) is None


def text_lines(text: str) -> list[str]:
    """Lines whatever their ends: LF, CRLF, CR alone, or the doubled CR of a bad transfer."""
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")
