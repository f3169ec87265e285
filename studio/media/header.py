"""What only a film's own header tells: how its pixels are stored, and how far apart its whole pictures are."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from studio.domain.errors import BadMedia, MediaToolFailed
from studio.domain.plain import from_plain
from studio.media.apart import Question, answer
from studio.media.child import ToolCall
from studio.media.ffmpeg import local

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Header:
    """`pixel_format` as ffmpeg names it, None without a picture; `longest_gap_s` between whole pictures, None without an index."""

    pixel_format: str | None = None
    longest_gap_s: Fraction | None = None


def header(path: Path) -> Header:
    """The header of the file at `path`, empty where it cannot be read."""
    return _header(path, path.stat().st_mtime_ns) if path.exists() else Header()


@lru_cache(maxsize=256)  # asked for every range of a film that a browser fetches, and a long film's header is long
def _header(path: Path, changed_ns: int) -> Header:
    """`header` of a file as it was written at `changed_ns`."""
    try:
        told = answer(Question("header", str(path.resolve()), path.name), ToolCall("Reading the header", _TIMEOUT_S))
        return from_plain(Header, told)
    except (BadMedia, MediaToolFailed):
        return Header()


def look(path: Path) -> Header:
    """The same, read by PyAV in this process: only for the reader."""
    import av

    try:
        with av.open(local(path), options={"protocol_whitelist": "file"}, metadata_errors="replace") as container:
            if not container.streams.video:
                return Header()
            video = container.streams.video[0]
            gap_s = None
            marks = [entry.timestamp for entry in video.index_entries if entry.is_keyframe]
            if marks and video.time_base is not None:
                last = video.duration or marks[-1]
                gap_s = max(after - before for before, after in zip(marks, [*marks[1:], last], strict=True)) * video.time_base
            return Header(video.codec_context.pix_fmt, gap_s)
    except (av.error.FFmpegError, OSError, IndexError):
        return Header()
