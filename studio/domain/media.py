"""What a media file is, as found by probing it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio stream. `index` counts audio streams from 0; `start_ms` is its first sample on the file's timeline."""

    index: int
    codec: str
    rate_hz: int
    channels: int
    language: str | None
    title: str | None
    is_default: bool
    start_ms: int = 0


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The picture. `width_px` × `height_px` as stored; `rotation_deg` is how far a player turns it clockwise."""

    codec: str
    width_px: int
    height_px: int
    fps: Fraction
    is_variable_rate: bool
    rotation_deg: int
    frame_count: int | None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Cover art counts as no video. `duration_ms` is the length of the picture, or of the longest sound without one."""

    container: str
    duration_ms: int
    size_bytes: int
    video: VideoTrack | None
    audio: tuple[AudioTrack, ...]
    text_track_count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def fps(self) -> Fraction:
        """Picture rate, or 25 where there is no picture (only for timecode display)."""
        return self.video.fps if self.video else Fraction(25)
