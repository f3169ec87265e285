"""Splitting and merging lines: pure functions over `Line`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.domain.drawn_pauses import SHORTEST_PAUSE_MS, drawn_pauses, moved, pauses_of_part
from studio.domain.errors import BadSetting
from studio.domain.line import Line, LineStatus
from studio.domain.timing import TimeSpan

MIN_LINE_MS = 200
_UNSPACED = ("zh", "ja", "th")


def split_text(text: str, share: float) -> tuple[str, str]:
    """Cut a text near `share` of its length: at a space if it has one, else between characters.

    >>> split_text("I called. Nobody answered.", 0.4)
    ('I called.', 'Nobody answered.')
    """
    text = text.strip()
    if len(text) < 2:
        return text, ""
    target = share * len(text)
    spaces = [index for index, letter in enumerate(text) if letter.isspace()]
    cuts = spaces or list(range(1, len(text)))
    cut = min(cuts, key=lambda index: abs(index - target))
    return text[:cut].strip(), text[cut:].strip()


def split(line: Line, at_ms: int, new_id: str) -> tuple[Line, Line]:
    """Two lines from one, the texts cut in proportion. Neither keeps the take. Raises BadSetting off the line."""
    if not line.span.start_ms + MIN_LINE_MS <= at_ms <= line.span.end_ms - MIN_LINE_MS:
        raise BadSetting(f"A line can be split only inside itself, at least {MIN_LINE_MS} ms from its ends.")
    share = (at_ms - line.span.start_ms) / line.span.length_ms
    first_source, second_source = split_text(line.source_text, share)
    first_target, second_target = split_text(line.target_text, share)
    bare = replace(line, take_id=None, status=LineStatus.DRAFT)
    first = replace(bare, span=TimeSpan(line.span.start_ms, at_ms), source_text=first_source, target_text=first_target)
    second = replace(bare, id=new_id, span=TimeSpan(at_ms, line.span.end_ms), source_text=second_source, target_text=second_target)
    cut_ms, end_ms = at_ms - line.span.start_ms, max((pause.end_ms for pause in line.pauses or ()), default=0)
    return (
        replace(first, pauses=pauses_of_part(line.pauses, 0, cut_ms)),
        replace(second, pauses=pauses_of_part(line.pauses, cut_ms, max(cut_ms, end_ms))),
    )


def merge(lines: Sequence[Line], *, source_language: str, target_language: str) -> Line:
    """One line over the time of all, with the id and speaker of the first. Raises BadSetting for fewer than two or two speakers."""
    if len(lines) < 2:
        raise BadSetting("Select at least two lines to merge.")
    if len({line.speaker_id for line in lines}) > 1:
        raise BadSetting("Only lines of one speaker can be merged; give them the same speaker first.")
    ordered = sorted(lines, key=lambda line: line.span)
    span = TimeSpan(ordered[0].span.start_ms, max(line.span.end_ms for line in ordered))
    source = _joined([line.source_text for line in ordered], source_language)
    target = _joined([line.target_text for line in ordered], target_language)
    pauses = _joined_pauses(ordered, span)
    return replace(ordered[0], span=span, source_text=source, target_text=target, take_id=None, status=LineStatus.DRAFT, pauses=pauses)


def _joined_pauses(ordered: Sequence[Line], span: TimeSpan) -> tuple[TimeSpan, ...] | None:
    """What was drawn on any of the lines, on the merged line's time axis; None where that is nothing."""
    drawn = [pause for line in ordered for pause in moved(line.pauses, line.span.start_ms - span.start_ms)]
    inside = [(start, min(end, span.length_ms)) for start, end in drawn if min(end, span.length_ms) - start >= SHORTEST_PAUSE_MS]
    return drawn_pauses(inside, span.length_ms) or None


def _joined(texts: Sequence[str], language: str) -> str:
    return ("" if language in _UNSPACED else " ").join(text.strip() for text in texts if text.strip())
