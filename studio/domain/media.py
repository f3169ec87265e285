"""What a media file is, as found by probing it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio stream. `index` counts audio streams from 0 and may skip ones that cannot be used; `start_ms` is its first sample on the file's timeline."""

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
    """Cover art counts as no video. `duration_ms` is the length of the picture; of the longest sound where there is no
    picture, or where the sound clearly outlasts it (a note then says so). `notes` are sentences."""

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

    def track_index(self, wanted: int) -> int:
        """`wanted` where there is such an audio track, else the first one's index. Only asked where there is sound."""
        indices = [track.index for track in self.audio]
        return wanted if wanted in indices else indices[0]
