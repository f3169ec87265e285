"""The last stage: the mix, the source's picture and the subtitles become one MP4 of the source's length.

Subtitles come as ready SRT text; cues past the end are cut back, so that no track outlasts the programme.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.domain.media import MediaInfo
from studio.media.encode import Mux, SubtitleTrack, mux
from studio.media.ffmpeg import CancelCheck, ToolCall, storage_error

Progress = Callable[[int, int], None]
_CUE_TIMES = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{3})\s*-->\s*(\d{1,3}):(\d\d):(\d\d)[,.](\d{3})")


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What to put together. `dub` is the mix; an SRT text of None or without cues leaves its track out. `shift_ms`: how much
    later the original sound is played than the file has it."""

    source: Path
    info: MediaInfo
    track: int
    dub: Path
    source_language: str
    target_language: str
    source_srt: str | None = None
    target_srt: str | None = None
    shift_ms: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished file, and sentences on what could not be carried over unchanged."""

    path: Path
    notices: tuple[str, ...]


def render(request: RenderRequest, out: Path, *, progress: Progress | None = None, cancel: CancelCheck | None = None) -> Rendered:
    """Write `out`. Raises MediaToolFailed, OutOfSpace, Cancelled; `out` is complete or untouched."""
    duration_ms = request.info.duration_ms
    call = ToolCall("Writing the film", cancel=cancel, place=out.parent.name)
    with tempfile.TemporaryDirectory(prefix="lipline-") as folder:
        texts = ((request.target_language, request.target_srt), (request.source_language, request.source_srt))
        subtitles = [_subtitle_file(Path(folder), language, text, duration_ms) for language, text in texts if text is not None]
        parts = Mux(
            source=request.source,
            info=request.info,
            track=request.track,
            dub=request.dub,
            source_language=request.source_language,
            target_language=request.target_language,
            subtitles=tuple(track for track in subtitles if track is not None),
            shift_ms=request.shift_ms,
        )
        tell = None if progress is None else (lambda done_ms: progress(min(done_ms, duration_ms), duration_ms))
        return Rendered(out, mux(parts, out, call, tell))


def _subtitle_file(folder: Path, language: str, text: str, duration_ms: int) -> SubtitleTrack | None:
    cut = clip_srt(text, duration_ms)
    if not cut:
        return None
    path = folder / f"{len(list(folder.iterdir()))}.srt"
    try:
        path.write_text(cut, encoding="utf-8")
    except OSError as error:
        raise storage_error(error, path) from error
    return SubtitleTrack(path, language)


def clip_srt(text: str, duration_ms: int) -> str:
    """SRT text whose cues all lie within the programme: later ones are dropped, overhanging ones cut back.

    >>> clip_srt("1\\n00:00:00,500 --> 00:00:09,000\\nHi\\n", 2000)
    '1\\n00:00:00,500 --> 00:00:02,000\\nHi\\n'
    """
    kept = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip("\ufeff\n ")):
        times = _CUE_TIMES.search(block)
        if times is None or not block[times.end() :].strip():
            continue
        start_ms, end_ms = _ms(times.groups()[:4]), min(duration_ms, _ms(times.groups()[4:]))
        if start_ms < end_ms:
            kept.append(f"{len(kept) + 1}\n{_stamp(start_ms)} --> {_stamp(end_ms)}\n{block[times.end() :].strip()}\n")
    return "\n".join(kept)


def _ms(parts: tuple[str, ...]) -> int:
    hours, minutes, seconds, ms = (int(part) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def _stamp(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{rest:03d}"
