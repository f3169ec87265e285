"""Time expressions of TTML: clock times, frames, ticks and offsets, under the rates the document declares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from studio.formats.times import read_clock, read_timecode
from studio.formats.xml_tree import attribute

_OFFSET = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?\s{0,3}(h|ms|m|s|f|t)?", re.ASCII)
_FRAMES = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})[:;](\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
DEFAULT_FPS = 30


@dataclass(frozen=True, slots=True)
class TtmlClock:
    """What the root element says about time. `fps` includes the multiplier; `ticks` are per second."""

    fps: Fraction
    sub_frames: int
    ticks: Fraction
    is_smpte: bool
    is_drop: bool

    @classmethod
    def of(cls, root: Element) -> TtmlClock:
        """Rates of the document; what is missing or senseless takes the standard's defaults."""
        frames = _whole(attribute(root, "frameRate"))
        multiplier = (attribute(root, "frameRateMultiplier") or "1 1").replace(":", " ").split()
        parts = [_whole(part) or 1 for part in multiplier[:2]] or [1]
        fps = Fraction(frames or DEFAULT_FPS) * Fraction(parts[0], parts[1] if len(parts) > 1 else 1)
        sub_frames = _whole(attribute(root, "subFrameRate")) or 1
        declared = _whole(attribute(root, "tickRate"))
        ticks = Fraction(declared) if declared else (fps * sub_frames if frames else Fraction(1))
        is_smpte = (attribute(root, "timeBase") or "").strip() == "smpte"
        return cls(fps, sub_frames, ticks, is_smpte, (attribute(root, "dropMode") or "").strip() == "dropNTSC")

    def read_ms(self, text: str | None) -> int | None:
        """Milliseconds of a time expression, or None when it is none.

        >>> TtmlClock(Fraction(25), 1, Fraction(1), False, False).read_ms("00:00:01:05")
        1200
        """
        if text is None or len(text) > 40:
            return None
        text = text.strip()
        offset = _OFFSET.fullmatch(text)
        if offset is not None:
            return self._offset_ms(*offset.groups())
        frames = _FRAMES.fullmatch(text)
        if frames is not None:
            return self._frames_ms(text, frames)
        clock = read_clock(text)
        return None if clock is None else clock.ms

    def _offset_ms(self, whole: str, digits: str | None, metric: str | None) -> int:
        count = Fraction(int(whole)) + (Fraction(int(digits), 10 ** len(digits)) if digits else 0)
        seconds = {"h": count * 3600, "m": count * 60, "ms": count / 1000, "f": count / self.fps, "t": count / self.ticks}
        return int(seconds.get(metric or "s", count) * 1000 + Fraction(1, 2))

    def _frames_ms(self, text: str, frames: re.Match[str]) -> int | None:
        if self.is_smpte or ";" in text:
            plain = text.partition(".")[0]
            return read_timecode(plain[: frames.end(3)] + ";" + frames[4] if self.is_drop else plain, self.fps)
        seconds = (int(frames[1]) * 60 + int(frames[2])) * 60 + int(frames[3])
        count = int(frames[4]) + Fraction(int(frames[5] or 0), self.sub_frames)
        return int((seconds + count / self.fps) * 1000 + Fraction(1, 2))


def _whole(text: str | None) -> int | None:
    """A positive whole number, or None."""
    if text is None or _WHOLE.fullmatch(text.strip()) is None:
        return None
    return int(text) or None
