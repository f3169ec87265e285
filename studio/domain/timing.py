"""Time on the timeline: whole milliseconds. The only file that converts between ms, samples and frames; timecode is `timebase.py`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import exp


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """A stretch of the timeline in ms, [start_ms, end_ms). Never empty, never negative."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.start_ms < 0 or self.end_ms <= self.start_ms:
            raise ValueError(f"a span must start at 0 or later and end after its start, not {self.start_ms}–{self.end_ms} ms")

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    def overlaps(self, other: TimeSpan) -> bool:
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


def ms_to_samples(ms: int, rate_hz: int) -> int:
    """Samples that cover `ms` at `rate_hz`, rounded half up (exact in integers).

    >>> ms_to_samples(10, 44100)
    441
    """
    return (2 * ms * rate_hz + 1000) // 2000


def samples_to_ms(samples: int, rate_hz: int) -> int:
    """Milliseconds, rounded half up.

    >>> samples_to_ms(441, 44100)
    10
    """
    return (2 * samples * 1000 + rate_hz) // (2 * rate_hz)


def frames_to_ms(frames: int, fps: Fraction) -> int:
    """Start of frame `frames`, rounded half up."""
    return int(Fraction(frames) * 1000 / fps + Fraction(1, 2))


def ms_to_frames(ms: int, fps: Fraction) -> int:
    """The frame that is on screen at `ms`."""
    return int(Fraction(ms) * fps / 1000)


def clock(ms: int) -> str:
    """M:SS.mmm, or H:MM:SS.mmm from an hour on.

    >>> clock(61_250)
    '1:01.250'
    """
    seconds, rest = divmod(ms, 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{seconds % 60:02d}.{rest:03d}"


def duration_penalty(delta_s: float) -> float:
    """P of SSPO (papers §1.2): exp(max(0, Δ)) + max(0, −Δ) − 1, Δ in seconds. 0 is a perfect fit.

    >>> round(duration_penalty(0.5), 5), duration_penalty(-0.5)
    (0.64872, 0.5)
    """
    return exp(min(max(0.0, delta_s), 50.0)) + max(0.0, -delta_s) - 1.0


def slot_penalty(total_ms: int, span_ms: int, slot_ms: int) -> float:
    """P against the real slot: 0 from the line's own span up to the span with its gap (`slot_ms`), linear in seconds below,
    exponential above (papers §1.2 with a dead zone, ours).

    >>> slot_penalty(1900, span_ms=1500, slot_ms=2000), slot_penalty(1000, span_ms=1500, slot_ms=2000)
    (0.0, 0.5)
    """
    if total_ms > slot_ms:
        return duration_penalty((total_ms - slot_ms) / 1000)
    return duration_penalty(min(0, total_ms - span_ms) / 1000)


