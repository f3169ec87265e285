"""Stage: lines in, the time each may fill out (its slot), and the sentences that say what is wrong with a line's timing.

Pure. A line owns its span and may borrow from the silence after it, up to the next line of anyone less a guard.
Another warning is one more function in `flags_of`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from studio.domain.line import Estimate, Fit, Line, Prediction, Slot, Take, predict
from studio.domain.settings import TimingSettings
from studio.domain.timing import TimeSpan
from studio.stages.fit import Placement, place


@dataclass(frozen=True, slots=True)
class _Reach:
    """The latest end among the first lines of the programme, whose it is, and the latest end of any other."""

    end_ms: int = -1
    line_id: str = ""
    other_end_ms: int = -1

    def extended(self, line: Line) -> _Reach:
        if line.span.end_ms > self.end_ms:
            return _Reach(line.span.end_ms, line.id, self.end_ms)
        return _Reach(self.end_ms, self.line_id, max(self.other_end_ms, line.span.end_ms))

    def without(self, line_id: str) -> int:
        return self.other_end_ms if line_id == self.line_id else self.end_ms


def slots(lines: Sequence[Line], settings: TimingSettings, programme_ms: int) -> dict[str, Slot]:
    """The slot of every line by id; `lines` in any order.

    The gap of a line ends a guard before the next line of anyone, or at the end of the programme, and is 0 while someone
    else speaks across the line's end. A line that runs into the next of the same speaker, or over the end of the
    programme, has its span cut there; a slot is never shorter than 1 ms.
    """
    ordered = sorted(lines, key=_order)
    starts = [line.span.start_ms for line in ordered]
    reaches = [_Reach()]
    for line in ordered:
        reaches.append(reaches[-1].extended(line))
    next_own = {line.id: follower.span.start_ms for line, follower in _followers(ordered)}
    found = {}
    for line in ordered:
        end_ms = line.span.end_ms
        following = bisect_left(starts, end_ms)
        next_ms = starts[following] if following < len(starts) else None
        is_free = reaches[following].without(line.id) <= end_ms
        span_end_ms = min(end_ms, next_own.get(line.id, end_ms), programme_ms)
        free_ms = _gap(end_ms, next_ms, settings, programme_ms) if is_free and span_end_ms == end_ms else 0
        found[line.id] = Slot(line.span.start_ms, max(1, span_end_ms - line.span.start_ms), free_ms)
    return found


def predictions(
    lines: Sequence[Line], slots_by_line: Mapping[str, Slot], estimate: Callable[[Line], Estimate | None], *, max_ratio: float
) -> dict[str, Prediction]:
    """Each line's target text against its slot; lines that `estimate` answers with None are left out."""
    estimates = {line.id: estimate(line) for line in lines}
    return {
        line_id: predict(value, slots_by_line[line_id], max_ratio=max_ratio) for line_id, value in estimates.items() if value is not None
    }


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a line's flags owe to the other lines: where the takes come to lie, and when the same speaker's next line is."""

    placements: Mapping[str, Placement]
    followers: Mapping[str, TimeSpan]
    programme_ms: int
    max_ratio: float

    def around(self, line_id: str) -> tuple[Placement | None, TimeSpan | None]:
        return self.placements.get(line_id), self.followers.get(line_id)


def neighbours(lines: Sequence[Line], circled: Mapping[str, Take], programme_ms: int, *, max_ratio: float) -> Neighbours:
    """`circled`: the lines' own takes by line id."""
    placements = {item.line_id: item for item in place(lines, {line_id: take.report for line_id, take in circled.items()}, programme_ms)}
    followers = {line.id: follower.span for line, follower in _followers(sorted(lines, key=_order))}
    return Neighbours(placements, followers, programme_ms, max_ratio)


def flags_of(line: Line, slot: Slot, prediction: Prediction | None, take: Take | None, around: Neighbours) -> tuple[str, ...]:
    """What an editor should know about the timing of one line, in sentences. A take made from the line's present text speaks for itself;
    without one the prediction speaks."""
    placement, follower = around.around(line.id)
    is_fresh = take is not None and take.text == line.target_text.strip()
    length = _take_flag(take, around.max_ratio) if is_fresh else _prediction_flag(prediction, slot, around.max_ratio)
    sentences = (_span_flag(line, around.programme_ms), _overlap_flag(line, follower), length, _placement_flag(placement, around.programme_ms))
    return tuple(sentence for sentence in sentences if sentence)


def _order(line: Line) -> tuple[int, int, str]:
    return line.span.start_ms, line.span.end_ms, line.id


def _followers(ordered: Sequence[Line]) -> list[tuple[Line, Line]]:
    """Each line with the next one of the same speaker."""
    by_speaker: dict[str, list[Line]] = {}
    for line in ordered:
        by_speaker.setdefault(line.speaker_id, []).append(line)
    return [pair for own in by_speaker.values() for pair in pairwise(own)]


def _gap(end_ms: int, next_ms: int | None, settings: TimingSettings, programme_ms: int) -> int:
    free_ms = programme_ms - end_ms
    if next_ms is not None:
        free_ms = min(free_ms, next_ms - settings.guard_ms - end_ms)
    return max(0, min(free_ms, settings.max_borrow_ms))


def _span_flag(line: Line, programme_ms: int) -> str:
    if line.span.start_ms >= programme_ms:
        return "Past the end of the picture: it will not be heard."
    if line.span.end_ms > programme_ms:
        return f"Past the end of the picture by {_seconds(line.span.end_ms - programme_ms)}."
    return ""


def _overlap_flag(line: Line, follower: TimeSpan | None) -> str:
    if follower is None or not line.span.overlaps(follower):
        return ""
    return f"Overlaps the next line of the same speaker by {_seconds(line.span.end_ms - follower.start_ms)}."


def _prediction_flag(prediction: Prediction | None, slot: Slot, max_ratio: float) -> str:
    if prediction is None or prediction.fit is not Fit.OVER:
        return ""
    spill_ms = round(prediction.estimate.total_ms / max_ratio) - slot.length_ms
    return f"{_seconds(spill_ms)} too long even at {max_ratio:g}×: shorten the text."


def _take_flag(take: Take, max_ratio: float) -> str:
    if take.report.remainder_ms <= 0:
        return ""
    return f"The take is {_seconds(take.report.remainder_ms)} too long even at {max_ratio:g}×: shorten the text."


def _placement_flag(placement: Placement | None, programme_ms: int) -> str:
    if placement is None:
        return ""
    if placement.end_ms > programme_ms:
        return f"The take runs {_seconds(placement.end_ms - programme_ms)} past the end of the picture."
    if placement.late_ms > 0:
        return f"Starts {_seconds(placement.late_ms)} late: the same speaker's line before it is too long."
    if placement.late_ms < 0:
        return f"Starts {_seconds(-placement.late_ms)} early to end with the picture."
    return ""


def _seconds(ms: int) -> str:
    """One decimal, and never "0.0 s" for something that is there."""
    return f"{max(0.1, ms / 1000):.1f} s"
