"""Pauses that an editor draws on a line: checked and joined, and the speech they leave. Pure; ms from the line's start.

Another kind of mark on a line's own time axis keeps to these verbs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from studio.domain.errors import BadSetting
from studio.domain.timing import TimeSpan

SHORTEST_PAUSE_MS = 50
LEAST_SPEECH_MS = 100
MOST_PAUSES = 40


def drawn_pauses(spans: Iterable[tuple[int, int]], slot_ms: int) -> tuple[TimeSpan, ...]:
    """Pauses in order, those that touch or overlap joined. Raises BadSetting for a pause outside the line's `slot_ms` or too short,
    for too many of them, and where they leave no time to speak."""
    given = sorted(spans)
    for start_ms, end_ms in given:
        if start_ms < 0 or end_ms > slot_ms:
            raise BadSetting(f"A pause must lie within the line, from 0 to {slot_ms / 1000:g} s; {_named(start_ms, end_ms)} does not.")
        if end_ms - start_ms < SHORTEST_PAUSE_MS:
            raise BadSetting(f"A pause must end at least {SHORTEST_PAUSE_MS / 1000:g} s after it starts; {_named(start_ms, end_ms)} does not.")
    joined: list[TimeSpan] = []
    for start_ms, end_ms in given:
        if joined and start_ms <= joined[-1].end_ms:
            joined[-1] = TimeSpan(joined[-1].start_ms, max(joined[-1].end_ms, end_ms))
        else:
            joined.append(TimeSpan(start_ms, end_ms))
    if len(joined) > MOST_PAUSES:
        raise BadSetting(f"A line can hold {MOST_PAUSES} pauses; these are {len(joined)}. Draw fewer, or split the line.")
    if joined and slot_ms - sum(span.length_ms for span in joined) < LEAST_SPEECH_MS:
        raise BadSetting("These pauses leave no time to speak; make one of them shorter.")
    return tuple(joined)


def speech_between(pauses: Sequence[TimeSpan], length_ms: int) -> tuple[tuple[int, int], ...]:
    """What pauses, in order, leave of a line that is `length_ms` long now; what lies past its end is nothing to it.

    >>> speech_between([TimeSpan(300, 500)], 1000)
    ((0, 300), (500, 1000))
    """
    starts = [0, *(span.end_ms for span in pauses)]
    ends = [*(span.start_ms for span in pauses), length_ms]
    clipped = ((start, min(end, length_ms)) for start, end in zip(starts, ends, strict=True))
    return tuple((start, end) for start, end in clipped if end > start)


def pauses_of_part(pauses: Sequence[TimeSpan] | None, start_ms: int, end_ms: int) -> tuple[TimeSpan, ...] | None:
    """The pauses of a part of a line, from that part's own start; None where none lies in it."""
    cut = [(max(0, span.start_ms - start_ms), min(span.end_ms, end_ms) - start_ms) for span in pauses or ()]
    return tuple(TimeSpan(start, end) for start, end in cut if end > start) or None


def moved(pauses: Sequence[TimeSpan] | None, by_ms: int) -> list[tuple[int, int]]:
    return [(span.start_ms + by_ms, span.end_ms + by_ms) for span in pauses or ()]


def _named(start_ms: int, end_ms: int) -> str:
    return f"{start_ms / 1000:g}-{end_ms / 1000:g}"
