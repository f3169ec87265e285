"""Clock times as subtitle files write them, sloppy ones included, to whole milliseconds; None where nothing can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from studio.domain.timebase import Timebase

CLOCK = r"[-+−]?\d{1,4}[ \t]*:[ \t]*\d{1,3}(?:[ \t]*:[ \t]*\d{1,3})?(?:[ \t]*[.,][ \t]*\d{1,9})?"
_CLOCK = re.compile(r"([-+−]?)(\d{1,4})\s*:\s*(\d{1,3})(?:\s*:\s*(\d{1,3}))?(?:\s*[.,]\s*(\d{1,9}))?", re.ASCII)
_TIMECODE = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})([:;])(\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """`is_odd`: minutes or seconds over 59, or a minus sign; readable, but worth a word to the editor."""

    ms: int
    is_odd: bool


def fraction_ms(digits: str | None) -> int:
    """Milliseconds of the digits after the decimal sign: "7" is 700, "0405" is 41 (rounded half up)."""
    if not digits:
        return 0
    return int(Fraction(int(digits), 10 ** len(digits)) * 1000 + Fraction(1, 2))


def read_clock(text: str) -> ClockTime | None:
    """H:MM:SS,mmm or MM:SS.mmm, any number of digits in each part, a fraction of a second or none.

    >>> read_clock("0:00:03,7"), read_clock("01:61.000")
    (ClockTime(ms=3700, is_odd=False), ClockTime(ms=121000, is_odd=True))
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    sign, first, second, third, digits = found.groups()
    hours, minutes, seconds = (int(first), int(second), int(third)) if third is not None else (0, int(first), int(second))
    ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction_ms(digits)
    is_minutes_first = third is None
    is_odd = seconds > 59 or (minutes > 59 and not is_minutes_first) or sign in ("-", "−")
    return ClockTime(-ms if sign in ("-", "−") else ms, is_odd)


def read_timecode(text: str, fps: Fraction) -> int | None:
    """HH:MM:SS:FF as the first ms at which that frame is on screen; with ";" before the frames it is drop-frame (two frame numbers
    left out each minute but every tenth).

    >>> read_timecode("00:00:01:12", Fraction(25))
    1480
    """
    found = _TIMECODE.fullmatch(text.strip())
    if found is None or fps <= 0:
        return None
    hours, minutes, seconds, frames = int(found[1]), int(found[2]), int(found[3]), int(found[5])
    nominal = max(1, int(fps + Fraction(1, 2)))
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if found[4] == ";":
        whole_minutes = hours * 60 + minutes
        count -= (nominal // 15) * (whole_minutes - whole_minutes // 10)
        fps = Fraction(nominal * 1000, 1001)
    return Timebase(fps).start_ms(count)
