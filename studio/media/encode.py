"""The finished file: the source's picture as it is, the dub as the first sound, the original as the second, soft subtitles.

Everything that cannot be carried over unchanged is re-encoded and said so in a notice. Another codec that MP4 carries is
one word in `_PICTURES` or `_SOUNDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import MediaToolFailed
from studio.domain.language import ISO_639_2, NAMES
from studio.domain.media import AudioTrack, MediaInfo
from studio.media.decode import shift_filter
from studio.media.ffmpeg import ToolCall, input_args, local, run, write_beside

_PICTURES = ("h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "vvc")
_SOUNDS = ("aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac")
_DUB_BITRATE = "192k"
_PICTURE_ENCODER = (
    "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough",
    "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """An SRT file in UTF-8 with at least one cue, and its two-letter language."""

    path: Path
    language: str


@dataclass(frozen=True, slots=True)
class Mux:
    """What goes into one file. `track` is the original's `AudioTrack.index`, played `shift_ms` later than the file has it; `dub` a
    sound file as long as the programme."""

    source: Path
    info: MediaInfo
    track: int
    dub: Path
    source_language: str
    target_language: str
    subtitles: tuple[SubtitleTrack, ...] = ()
    shift_ms: int = 0


def mux(request: Mux, out: Path, call: ToolCall, progress: Callable[[int], None] | None = None) -> tuple[str, ...]:
    """Write the MP4 beside `out`, then put it in place; returns notices on what could not be copied unchanged.

    `progress` is told the ms written. Raises MediaToolFailed, OutOfSpace, Cancelled; `out` is complete or untouched.
    """
    is_copied = request.info.video is None or request.info.video.codec in _PICTURES
    with write_beside(out) as draft:
        if is_copied:
            try:
                run(_arguments(request, draft, is_picture_copied=True), call, progress)
                return tuple(_notices(request, is_picture_copied=True))
            except MediaToolFailed:
                if request.info.video is None:
                    raise
        # Either MP4 has no place for this codec, or its packets lack timestamps that only decoding brings back.
        run(_arguments(request, draft, is_picture_copied=False), call, progress)
        return tuple(_notices(request, is_picture_copied=False))


def _arguments(request: Mux, draft: Path, *, is_picture_copied: bool) -> list[str]:
    original = _original(request)
    arguments = ["-loglevel", "error", *input_args(request.source, "-fflags", "+genpts"), *input_args(request.dub)]
    for subtitle in request.subtitles:
        arguments += input_args(subtitle.path, "-f", "srt")
    if request.info.video is not None:
        arguments += ["-map", "0:V:0", *(_copied_picture(request) if is_picture_copied else _PICTURE_ENCODER)]
    arguments += f"-map 1:a:0 -c:a:0 aac -b:a:0 {_DUB_BITRATE} -disposition:a:0 default+dub".split()
    arguments += _labels("a:0", request.target_language, "Dub")
    if original is not None:
        arguments += f"-map 0:a:{original.index} -disposition:a:1 original".split()
        arguments += ["-c:a:1", "copy"] if original.codec in _SOUNDS and not request.shift_ms else _encoded_original(request)
        arguments += _labels("a:1", request.source_language, "Original")
    for number, subtitle in enumerate(request.subtitles):
        arguments += f"-map {number + 2}:s:0 -c:s mov_text -disposition:s:{number} 0".split()
        arguments += _labels(f"s:{number}", subtitle.language, "Subtitles")
    return [
        *arguments,
        *["-strict", "experimental", "-max_muxing_queue_size", "9999", "-write_tmcd", "0", "-movflags", "+faststart", "-f", "mp4"],
        local(draft),
    ]


def _copied_picture(request: Mux) -> list[str]:
    """HEVC is tagged as Apple's players want it; a last picture that an edit list cut short stays as short."""
    assert request.info.video is not None
    end = f"{request.info.duration_ms / 1000:.3f}/TB"
    shorten = f"setts=pts=PTS:dts=DTS:duration='if(lt(PTS,{end})*gt(PTS+DURATION,{end}),{end}-PTS,DURATION)'"
    return ["-c:v", "copy", "-bsf:v", shorten, *(["-tag:v", "hvc1"] if request.info.video.codec == "hevc" else [])]


def _encoded_original(request: Mux) -> list[str]:
    """AAC as long as the programme, holes filled, so that the second sound ends with the first."""
    steps = ("aresample=async=1:first_pts=0", shift_filter(request.shift_ms), f"apad,atrim=end={request.info.duration_ms / 1000:.3f}")
    span = ",".join(step for step in steps if step)
    return ["-c:a:1", "aac", "-b:a:1", _DUB_BITRATE, "-filter:a:1", span]


def _labels(stream: str, language: str, role: str) -> list[str]:
    name, option = f"{role} ({NAMES[language]})", f"-metadata:s:{stream}"
    return [option, f"language={ISO_639_2[language]}", option, f"handler_name={name}", option, f"title={name}"]


def _original(request: Mux) -> AudioTrack | None:
    return next((known for known in request.info.audio if known.index == request.track), None)


def _notices(request: Mux, *, is_picture_copied: bool) -> list[str]:
    notices = []
    video, original = request.info.video, _original(request)
    if not is_picture_copied and video is not None:
        notices.append(f"MP4 cannot carry this {video.codec} picture as it is, so it was re-encoded to H.264 (CRF 18).")
    if original is not None and request.shift_ms and original.codec in _SOUNDS:
        way = "later" if request.shift_ms > 0 else "earlier"
        notices.append(f"The original sound was re-encoded to AAC, to play {abs(request.shift_ms)} ms {way} than the source has it.")
    if original is not None and original.codec not in _SOUNDS:
        notices.append(f"MP4 cannot carry the original {original.codec} sound as it is, so it was re-encoded to AAC.")
    return notices
