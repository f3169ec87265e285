"""Lip-aware timing: where each stretch of a take should lie so that it speaks where the mouth does, at as steady a rate as may be.

Pure. Enter a trimmed take with its phones and words, a slot, a guide and rate limits; leaves a `TimeMap`. Exact over its grid (10 ms,
up to 13 rates a stretch) by dynamic programming. Human dubbers keep their rate steady and chase no lips (papers §8.2): so do `Weights`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.domain.line import Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings
from studio.domain.timing import ms_to_samples
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.stages.lip_wishes import FRAME_MS, FRAME_S, Wishes, frames_of, wishes
from studio.stages.pauses import SampleRange, inner_pauses
from studio.stages.speech_activity import BELOW_LOUD_DB, levels_db
from studio.stages.time_map import Piece, RateLimits, TimeMap

PHONE_PAUSE_MS = 40  # a pause the engine names
LEVEL_PAUSE_MS = 100  # a silence found by its level; shorter ones may be the closure of a stop
SHORTEST_STRETCH_MS = 180  # stretches between words are joined up to this, so that a rate can be told ...
MOST_STRETCHES = 100  # ... and in a very long take up to its hundredth part, so that planning stays cheap
_MOST_RATES = 13


@dataclass(frozen=True, slots=True)
class Weights:
    """Costs that stand against the lips', in seconds of mismatch at scale 1.

    `rate`: per second of natural speech, times the squared log of the rate; at 2.5, scale 1 goes a fifth faster or slower, no further.
    `change`: at every joint, times the squared log of the change of rate. `pause`: per second that a pause grows or shrinks.
    `new_pause`: for each pause put between two words. `late`: per second of waiting, so that nothing waits for nothing.
    """

    rate: float = 2.5
    change: float = 3.0
    pause: float = 0.15
    new_pause: float = 0.15
    late: float = 0.02


@dataclass(frozen=True, slots=True)
class Retiming:
    """How a take may be re-timed. `engine_ratio`: how much faster than natural the engine already spoke; `limits` are what is left of
    the editor's."""

    slot: Slot
    guide: LipGuide
    settings: FitSettings
    limits: RateLimits
    engine_ratio: float = 1.0
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech that keeps one rate: samples [start, end) of the take. After it comes a pause of `pause_samples`, or, at 0, another word."""

    start_samples: int
    end_samples: int
    pause_samples: int

    @property
    def length_samples(self) -> int:
        return self.end_samples - self.start_samples


def lip_timing(audio: Audio, phones: Sequence[Mark], words: Sequence[Mark], how: Retiming) -> TimeMap:
    """The time map of a trimmed take (it starts and ends with speech). `phones` with "" for pauses, or none; `words` as spoken, or none:
    without them no pause is put where there was none. Every rate lies inside `how.limits`; raises ValueError for an empty take."""
    if not len(audio.samples):
        raise ValueError("a take without sound has no timing")
    parts = stretches(audio, phones, words, how.settings.trim_db)
    steps = [_Step.of(part, audio.rate_hz, how) for part in parts]
    frames = max(frames_of(how.slot), sum(step.counts[0] + step.least_pause for step in steps)) + 1
    plan = _Planner(wishes(how.guide, how.slot, frames), how.weights, _loudness(audio)).plan(steps)
    return _as_map(parts, steps, plan, audio.rate_hz, how)


def stretches(audio: Audio, phones: Sequence[Mark], words: Sequence[Mark], quiet_db: float) -> tuple[Stretch, ...]:
    """A take parted at its pauses, and between words where both sides are long enough."""
    named = any(not phone.symbol for phone in phones)
    least_ms = PHONE_PAUSE_MS if named else LEVEL_PAUSE_MS
    pauses = inner_pauses(audio, phones if named else (), quiet_db, longer_than_ms=least_ms)
    starts = [ms_to_samples(word.start_ms, audio.rate_hz) for word in words]
    shortest = max(ms_to_samples(SHORTEST_STRETCH_MS, audio.rate_hz), len(audio.samples) // MOST_STRETCHES)
    found: list[Stretch] = []
    place, total = 0, len(audio.samples)
    for pause in [*(pause for pause in pauses if pause.start_samples > 0 and pause.end_samples < total), SampleRange(total, total)]:
        if pause.start_samples <= place:
            continue
        for start in starts:
            if start - place >= shortest and pause.start_samples - start >= shortest:
                found.append(Stretch(place, start, 0))
                place = start
        found.append(Stretch(place, pause.start_samples, pause.length_samples))
        place = pause.end_samples
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Step:
    """A stretch on the grid: where it lies in the take, the lengths it may get, shortest (fastest) first, with their log rates, and the
    pause after it; all in frames but `natural_s`."""

    start: float
    end: float
    natural_s: float
    counts: tuple[int, ...]
    log_rates: np.ndarray
    pause: int
    least_pause: int
    new_pause: int

    @classmethod
    def of(cls, part: Stretch, rate_hz: int, how: Retiming) -> _Step:
        frame = rate_hz * FRAME_S
        shortest = math.ceil(part.length_samples / how.limits.high_ratio / frame)
        longest = max(shortest, math.floor(part.length_samples / how.limits.low_ratio / frame))
        natural = min(max(round(part.length_samples * how.engine_ratio / frame), shortest), longest)
        counts = sorted({natural, *(round(k) for k in np.linspace(shortest, longest, _MOST_RATES))})
        rates = np.array([how.engine_ratio * part.length_samples / (count * frame) for count in counts])
        shut = ms_to_samples(how.settings.min_pause_ms, rate_hz)
        least = math.ceil(min(part.pause_samples, shut) / frame)  # upward throughout: what samples need, the grid must grant
        pause = max(least, round(part.pause_samples / frame))
        start, end = part.start_samples / frame, part.end_samples / frame
        return cls(start, end, how.engine_ratio * (end - start) * FRAME_S, tuple(counts), np.log(rates), pause, least, math.ceil(shut / frame))


@dataclass(frozen=True, slots=True)
class _Loudness:
    """A take on the 10 ms grid: whether it speaks (0 or 1), and how loud against its own mean, in standard deviations."""

    speaks: np.ndarray
    strength: np.ndarray


def _loudness(audio: Audio) -> _Loudness:
    levels = levels_db(audio, FRAME_MS)
    speaks = levels > float(np.percentile(levels, 95)) - BELOW_LOUD_DB
    spoken = np.convolve(np.where(speaks, levels, levels[speaks].min()), np.ones(5) / 5)[2 : 2 + len(levels)]
    strength = (spoken - spoken[speaks].mean()) / max(float(spoken[speaks].std()), 1e-6)
    return _Loudness(speaks.astype(np.float64), np.where(speaks, np.clip(strength, -2, 2), 0.0))


class _Planner:
    """Dynamic programme over (end of a stretch on the grid, its rate), stretch by stretch. Costs add; ties go to what comes first."""

    def __init__(self, wish: Wishes, weights: Weights, take: _Loudness) -> None:
        self._wish, self._weights, self._take = wish, weights, take
        self._frames = len(wish.speech)
        self._silence = np.concatenate([[0.0], np.cumsum(wish.silence)]) * FRAME_S  # (frames + 1,): of silence up to each moment

    def plan(self, steps: Sequence[_Step]) -> list[tuple[int, int]]:
        """(start, length) of every step, in frames."""
        moments = np.arange(self._frames + 1)
        begins = (self._silence + self._weights.late * FRAME_S * moments)[:, None]
        trails: list[tuple[np.ndarray, np.ndarray]] = []
        before: _Step | None = None
        back = np.zeros((self._frames + 1, 1), np.int32)
        for step in steps:
            entered, rate_before = self._changed(begins, before, step)
            ends = self._spoken(entered, step)
            trails.append((rate_before, back))
            begins, back = self._paused(ends, step)
            before = step
        total = ends + (self._silence[-1] - self._silence)[:, None]
        end, rate = (int(index) for index in np.unravel_index(np.argmin(total), total.shape))
        return self._walked_back(steps, trails, end, rate)

    def _changed(self, begins: np.ndarray, before: _Step | None, step: _Step) -> tuple[np.ndarray, np.ndarray]:
        """Cost of beginning `step` at each moment in each of its rates, and the best rate before."""
        if before is None:
            return np.repeat(begins, len(step.counts), axis=1), np.zeros((len(begins), len(step.counts)), np.int8)
        change = self._weights.change * (before.log_rates[:, None] - step.log_rates[None, :]) ** 2
        costs, best = np.empty((len(begins), len(step.counts))), np.empty((len(begins), len(step.counts)), np.int8)
        for rate in range(len(step.counts)):
            all_before = begins + change[:, rate]
            best[:, rate] = np.argmin(all_before, axis=1)
            costs[:, rate] = np.take_along_axis(all_before, best[:, rate, None].astype(np.intp), axis=1)[:, 0]
        return costs, best

    def _spoken(self, entered: np.ndarray, step: _Step) -> np.ndarray:
        """Cost of having spoken `step` by each moment, by rate."""
        ends = np.full_like(entered, np.inf)
        for rate, count in enumerate(step.counts):
            if count > self._frames:
                continue
            steady = self._weights.rate * step.natural_s * step.log_rates[rate] ** 2
            ends[count:, rate] = entered[: len(entered) - count, rate] + self._placed(step, count) + steady
        return ends

    def _placed(self, step: _Step, count: int) -> np.ndarray:
        """What mouth and source say to `step`, `count` frames long, begun at each moment it may. Shape (frames + 1 − count,)."""
        places = step.start + (np.arange(count) + 0.5) * (step.end - step.start) / count
        index = np.minimum(places.astype(int), len(self._take.speaks) - 1)
        speaks, strength = self._take.speaks[index], self._take.strength[index]
        cost = np.correlate(self._wish.speech, speaks, "valid") + np.correlate(self._wish.closure, 1 - speaks, "valid")
        return FRAME_S * (cost - np.correlate(self._wish.emphasis, strength, "valid"))

    def _paused(self, ends: np.ndarray, step: _Step) -> tuple[np.ndarray, np.ndarray]:
        """Cost of being ready for what follows `step` at each moment, and when `step` ended."""
        relative = ends - self._silence[:, None]
        best, back = np.full_like(ends, np.inf), np.zeros(ends.shape, np.int32)
        moments = np.arange(len(ends))[:, None]
        for count in range(step.least_pause, min(step.pause, self._frames) + 1):
            costs = np.full_like(ends, np.inf)
            costs[count:] = relative[: len(ends) - count] + self._weights.pause * FRAME_S * (step.pause - count)
            back, best = np.where(costs < best, moments - count, back), np.minimum(costs, best)
        grown_from = step.pause + 1 if step.pause else max(step.new_pause, 1)
        per_frame = self._weights.pause * FRAME_S
        opening = 0.0 if step.pause else self._weights.new_pause
        slanted = relative - per_frame * moments
        lowest = np.minimum.accumulate(slanted, axis=0)
        found_at = np.maximum.accumulate(np.where(slanted == lowest, moments, 0), axis=0)
        if grown_from < len(ends):
            costs = np.full_like(ends, np.inf)
            costs[grown_from:] = lowest[:-grown_from] + per_frame * (moments[grown_from:] - step.pause) + opening
            since = np.zeros_like(back)
            since[grown_from:] = found_at[:-grown_from]
            back, best = np.where(costs < best, since, back), np.minimum(costs, best)
        return best + self._silence[:, None], back

    def _walked_back(self, steps: Sequence[_Step], trails: Sequence[tuple[np.ndarray, np.ndarray]], end: int, rate: int) -> list[tuple[int, int]]:
        plan = []
        for step, (rate_before, back) in zip(reversed(steps), reversed(trails), strict=True):
            start = end - step.counts[rate]
            plan.append((start, step.counts[rate]))
            rate = int(rate_before[start, rate])
            end = int(back[start, rate])
        return plan[::-1]


def _as_map(parts: Sequence[Stretch], steps: Sequence[_Step], plan: Sequence[tuple[int, int]], rate_hz: int, how: Retiming) -> TimeMap:
    """The plan in samples. A length the grid rounded past a limit is brought back to it, which never makes anything later than planned."""
    pieces: list[Piece] = []
    frame = rate_hz * FRAME_S
    take_at = out_at = 0
    for number, (part, (start, count)) in enumerate(zip(parts, plan, strict=True)):
        pause = part.start_samples - take_at
        least = min(pause, ms_to_samples(how.settings.min_pause_ms, rate_hz))
        begins = max(round(start * frame), out_at + least) if number == 0 or pause or start > sum(plan[number - 1]) else out_at
        if pause or begins > out_at:
            pieces.append(Piece(take_at, part.start_samples, out_at, begins, is_speech=False))
        low, high = math.ceil(part.length_samples / how.limits.high_ratio), math.floor(part.length_samples / how.limits.low_ratio)
        length = min(max(round(count * frame), low), max(low, high))
        pieces.append(Piece(part.start_samples, part.end_samples, begins, begins + length))
        take_at, out_at = part.end_samples, begins + length
    return TimeMap(tuple(pieces), rate_hz, how.limits)
