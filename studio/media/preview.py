"""What the page plays: proxies a browser can show, short clips of single lines, and original and dub side by side.

Cutting and proxies go through ffmpeg; the side-by-side composite is moviepy's, in a fenced process (`composer.py`).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from studio.domain.errors import MediaToolFailed
from studio.domain.media import MediaInfo
from studio.domain.timing import TimeSpan
from studio.media.child import Child, Fence, python_caged
from studio.media.decode import shift_filter
from studio.media.ffmpeg import ToolCall, input_args, local, run, tool_path, write_beside
from studio.media.header import header

_PROXY_HEIGHT_PX = 720
_PAIR = "pair.mp4"
_PLAYABLE = {
    "mp4": (("h264", "av1", "vp9"), ("aac", "mp3", "opus", "flac")),
    "mov": (("h264",), ("aac", "mp3")),
    "webm": (("vp8", "vp9", "av1"), ("opus", "vorbis")),
    "wav": ((), ("pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le")),
    "mp3": ((), ("mp3",)),
    "flac": ((), ("flac",)),
    "ogg": ((), ("opus", "vorbis", "flac")),
}
_PLAYABLE_PIXELS = ("yuv420p", "yuvj420p", "yuva420p")
_SMALL_PICTURE = f"scale=w=-2:h='2*trunc(min({_PROXY_HEIGHT_PX},ih)/2)':flags=fast_bilinear,setsar=1"
_ENCODERS = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-pix_fmt", "yuv420p", "-g", "25")
_LIGHT_WIDTH_PX, _LIGHT_KEY_FRAMES = 640, 12
_LIGHT_PICTURE = f"scale=w='2*trunc(min({_LIGHT_WIDTH_PX},iw)/2)':h=-2:flags=fast_bilinear,setsar=1"
_LIGHT_ENCODERS = ("-threads", "1", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "fastdecode", "-crf", "25", "-pix_fmt", "yuv420p",
                   "-g", str(_LIGHT_KEY_FRAMES), "-bf", "0")  # fmt: skip
_QUICK_HEIGHT_PX = 576
_QUICK_GAP_S = 2.5  # between whole pictures; what lies between is decoded unseen before a line shows
_ALIGN = "aresample=async=1:first_pts=0"
_SOUND = ("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000")


def is_browser_playable(path: Path, info: MediaInfo) -> bool:
    """Whether Chromium and Firefox play the file as it is: container, codecs, and 8-bit 4:2:0 pixels."""
    pictures, sounds = _PLAYABLE.get(info.container, ((), ()))
    if any(track.codec not in sounds for track in info.audio):
        return False
    if info.video is None:
        return bool(info.audio) and info.container in _PLAYABLE
    return info.video.codec in pictures and header(path).pixel_format in _PLAYABLE_PIXELS


def make_proxy(path: Path, info: MediaInfo, out: Path, call: ToolCall, *, track: int | None = None, shift_ms: int = 0) -> None:
    """An MP4 of at most 720 lines, H.264 and AAC, that any browser plays; the picture is copied where it already fits.

    `track` None takes the first sound; `shift_ms` plays it so much later. Raises MediaToolFailed, OutOfSpace, Cancelled.
    """
    video = info.video
    fits = video is not None and video.codec == "h264" and video.height_px <= _PROXY_HEIGHT_PX and header(path).pixel_format in _PLAYABLE_PIXELS
    picture = ["-c:v", "copy"] if fits else ["-vf", _SMALL_PICTURE, "-fps_mode", "vfr", *_ENCODERS]
    maps = [*(["-map", "0:V:0", *picture] if video is not None else []), *_sound_map(info, track, shift_ms)]
    with write_beside(out) as draft:
        run(["-loglevel", "error", *input_args(path, "-fflags", "+genpts"), *maps, *_tail(draft)], call)


def is_quick_to_seek(path: Path, info: MediaInfo) -> bool:
    """Whether any moment of the picture is on screen at once: few pixels, and a whole picture every few seconds."""
    return info.video is None or (info.video.height_px <= _QUICK_HEIGHT_PX and (header(path).longest_gap_s or 0) <= _QUICK_GAP_S)


def make_light_picture(path: Path, info: MediaInfo, out: Path, call: ToolCall, *, track: int | None = None, shift_ms: int = 0) -> None:
    """An MP4 for the desk: at most 640 px wide, its every frame where it was, a whole picture every 12 frames. Raises as `make_proxy`."""
    picture = ["-map", "0:V:0", "-vf", _LIGHT_PICTURE, "-fps_mode", "vfr", *_LIGHT_ENCODERS]
    with write_beside(out) as draft:
        run(["-loglevel", "error", *input_args(path, "-fflags", "+genpts"), *picture, *_sound_map(info, track, shift_ms), *_tail(draft)], call)


def cut_clip(path: Path, info: MediaInfo, span: TimeSpan, out: Path, *, track: int | None = None) -> None:
    """One stretch of a film as a small MP4 that begins exactly at `span`, for playing a line. Raises MediaToolFailed, OutOfSpace."""
    seek = ["-ss", f"{span.start_ms / 1000:.3f}", "-t", f"{span.length_ms / 1000:.3f}"]
    picture = ["-map", "0:V:0", "-vf", _SMALL_PICTURE, *_ENCODERS] if info.video is not None else []
    with write_beside(out) as draft:
        call = ToolCall("Cutting a clip", timeout_s=120.0, place=out.parent.name)
        run(["-loglevel", "error", *input_args(path, *seek), *picture, *_sound_map(info, track), *_tail(draft)], call)


def side_by_side(original: Path, dub: Path, out: Path, *, span: TimeSpan | None = None) -> None:
    """Original on the left, dub on the right, sound of the dub; both must be browser-playable. Raises MediaToolFailed, OutOfSpace."""
    call = ToolCall("Putting original and dub side by side", place=out.parent.name)
    with write_beside(out) as draft, tempfile.TemporaryDirectory(dir=out.parent, prefix=".pair-") as folder:
        at = {} if span is None else {"start_ms": span.start_ms, "end_ms": span.end_ms}
        wish = {"left": str(original.resolve()), "right": str(dub.resolve()), "folder": str(Path(folder).resolve()), "name": _PAIR, "height_px": _PROXY_HEIGHT_PX}
        tool = tool_path()
        fence = Fence(read=(tool.parent, original, dub), write=(Path(folder),), run=(tool,))
        with Child(python_caged("studio.media.composer", json.dumps(wish | at), fence, call), call) as child:
            child.output.read()  # nothing is said there
            code, words = child.finish()
        if code != 0:
            raise MediaToolFailed(call.action, words.strip().split("\n")[-1] or f"its process ended with code {code}.")
        os.replace(Path(folder) / _PAIR, draft)


def _sound_map(info: MediaInfo, track: int | None, shift_ms: int = 0) -> list[str]:
    if not info.audio:
        return []
    steps = ",".join(step for step in (_ALIGN, shift_filter(shift_ms)) if step)
    return ["-map", f"0:a:{info.audio[0].index if track is None else track}", "-af", steps, *_SOUND]


def _tail(draft: Path) -> list[str]:
    return [
        *["-map_metadata", "-1", "-map_chapters", "-1", "-max_muxing_queue_size", "9999", "-movflags", "+faststart", "-f", "mp4"],
        local(draft),
    ]
