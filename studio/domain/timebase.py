"""How a programme counts its frames: rates as broadcasters name them, and SMPTE timecode, drop-frame where the rate asks for it.

Enter: milliseconds of the timeline, or frames. Leave: frames, samples, HH:MM:SS:FF. A new rate is one more entry of `STANDARD_RATES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from studio.domain.errors import BadSetting
from studio.domain.media import MediaInfo

STANDARD_RATES = tuple(Fraction(*pair) for pair in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1)))
_CLOSE_HZ = Fraction(1, 100)
_DROPPED = {30: 2, 60: 4}
"""Timecode numbers left out at the start of each minute but every tenth (SMPTE ST 12-1), by nominal rate."""


@dataclass(frozen=True, slots=True)
class Timebase:
    """A frame rate, exact. `start_frame`: the timecode of the programme's first picture, counted in frames from midnight.

    29.97 and 59.94 count drop-frame, so that timecode stays with the clock; 23.976 has no such form and falls behind it by 3.6 s an hour.
    """

    fps: Fraction
    start_frame: int = 0

    @property
    def nominal(self) -> int:
        """Frame numbers in a second of timecode."""
        return max(1, int(self.fps + Fraction(1, 2)))

    @property
    def is_drop_frame(self) -> bool:
        return self.fps.denominator == 1001 and self.nominal in _DROPPED

    def first_frame(self, ms: int) -> int:
        """The frame on screen at `ms`."""
        return int(Fraction(ms) * self.fps / 1000)

    def start_ms(self, frame: int) -> int:
        """The first millisecond at which a frame is on screen: `first_frame` of it is that frame again."""
        return -int(-Fraction(frame) * 1000 // self.fps)

    def end_frame(self, ms: int) -> int:
        """The first frame that begins at `ms` or later."""
        return -int(-Fraction(ms) * self.fps // 1000)

    def samples(self, frame: int, rate_hz: int) -> int:
        """Samples before the start of a frame, rounded half up."""
        return int(Fraction(frame) * rate_hz / self.fps + Fraction(1, 2))

    def frames_around(self, start_samples: int, end_samples: int, rate_hz: int) -> tuple[int, int]:
        """The fewest whole frames that hold a stretch of sound: the first, and the first after it."""
        per_frame = Fraction(rate_hz) / self.fps
        return int(start_samples / per_frame), -int(-end_samples // per_frame)

    def timecode(self, frame: int) -> str:
        """SMPTE timecode of a frame of the programme; drop-frame is written with a semicolon. Wraps at midnight.

        >>> Timebase(Fraction(30000, 1001)).timecode(1800)
        '00:01:00;02'
        >>> Timebase(Fraction(24000, 1001), start_frame=86_400).timecode(24)
        '01:00:01:00'
        """
        number = frame + self.start_frame
        if self.is_drop_frame:
            number += self._left_out(number)
        number %= 24 * 3600 * self.nominal
        seconds, rest = divmod(number, self.nominal)
        mark = ";" if self.is_drop_frame else ":"
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:02d}"

    def timecode_at(self, ms: int) -> str:
        """SMPTE timecode of the frame on screen at `ms`."""
        return self.timecode(self.first_frame(ms))

    def _left_out(self, frames: int) -> int:
        """How many numbers drop-frame has skipped by the time so many frames have passed."""
        dropped = _DROPPED[self.nominal]
        a_minute, ten_minutes = 60 * self.nominal - dropped, 600 * self.nominal - 9 * dropped
        tens, rest = divmod(frames, ten_minutes)
        return 9 * dropped * tens + (dropped * ((rest - dropped) // a_minute) if rest >= dropped else 0)


def hour_frames(fps: Fraction, hour: int) -> int:
    """Frames from midnight to HH:00:00:00 in the timecode of a rate.

    >>> hour_frames(Fraction(30000, 1001), 1), hour_frames(Fraction(24000, 1001), 10)
    (107892, 864000)
    """
    if not 0 <= hour <= 23:
        raise BadSetting(f"A programme starts at an hour from 0 to 23, not {hour}.")
    base = Timebase(fps)
    number = hour * 3600 * base.nominal
    return number - _DROPPED[base.nominal] * 54 * hour if base.is_drop_frame else number


def timebase_of(info: MediaInfo | None, *, start_hour: int = 0) -> Timebase:
    """The timebase of a programme: the standard rate its picture has to within a hundredth; its own rate where that is none of
    these; 25 where there is no picture."""
    fps = info.fps if info is not None else Fraction(25)
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate - fps))
    rate = nearest if abs(nearest - fps) <= _CLOSE_HZ else fps
    return Timebase(rate, hour_frames(rate, start_hour))


def picture_samples(info: MediaInfo, rate_hz: int) -> int:
    """Length of the programme in samples: counted from the frames of its picture where these are known and steady, else from its
    length in milliseconds."""
    by_clock = (2 * info.duration_ms * rate_hz + 1000) // 2000
    video = info.video
    if video is None or video.is_variable_rate or not video.frame_count:
        return by_clock
    by_frames = int(Fraction(video.frame_count) * rate_hz / video.fps + Fraction(1, 2))
    return by_frames if abs(by_frames - by_clock) <= Fraction(rate_hz) / video.fps else by_clock
