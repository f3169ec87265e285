"""Pictures out of any film: RGB at 25 Hz on the file's own timeline, the same one `decode.py` puts the sound on; constant memory.

Frame n is what the film shows around n · 40 ms, whatever its own rate. Before the first and after the last picture it is black, holes
hold the last picture, damaged packets are skipped. A picture that stays is handed out as the same array, which must not be changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadMedia, MediaToolFailed, NotMeasurable
from studio.domain.faces import FACE_RATE_HZ
from studio.domain.settings import Limits
from studio.media.apart import MAX_PICTURE_PX, Question, pictures_of
from studio.media.child import DEFAULT_TIMEOUT_S, CancelCheck, ToolCall
from studio.media.ffmpeg import DEMUXERS, local
from studio.media.sniff import Refusal, sniff

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_MAX_BAD_PACKETS = 5_000
_STEP = Fraction(1, FACE_RATE_HZ)
_ACTION = "Reading the picture"


@dataclass(frozen=True, slots=True)
class PictureQuery:
    """Which pictures are wanted. `length_ms` None ends with the last picture; `longest_px` scales larger pictures down to that
    longer side, never up. `name` is what the person calls the file."""

    path: Path
    name: str = "the film"
    length_ms: int | None = None
    longest_px: int | None = None


def pictures(query: PictureQuery, *, cancel: CancelCheck | None = None, timeout_s: float = DEFAULT_TIMEOUT_S) -> Iterator[np.ndarray]:
    """Yield uint8 pictures of one shape (height, width, 3), upright as a player shows them. With `length_ms`, exactly the frames that
    begin before it. The file is read in a process of its own. Raises BadMedia, NotMeasurable where there is no moving picture,
    MediaToolFailed, Cancelled."""
    kind = sniff(query.path)
    if isinstance(kind, Refusal):
        raise BadMedia(query.name, kind.reason)
    question = Question(
        "pictures", str(query.path.resolve()), query.name, kind.container, kind.demuxer, length_ms=query.length_ms, longest_px=query.longest_px
    )
    yield from pictures_of(question, ToolCall(_ACTION, timeout_s, cancel))


def decoded(query: PictureQuery, demuxer: str | None) -> Iterator[np.ndarray]:
    """The same in this process: only for the reader."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(DEMUXERS)}
    try:
        with av.open(local(query.path), format=demuxer, options=options, metadata_errors="replace") as container:
            yield from _on_grid(_timed(container, _stream(container, query)), query)
    except (av.error.FFmpegError, OSError) as error:
        raise MediaToolFailed(_ACTION, f"“{query.name}” is damaged ({error}).") from error


@dataclass(frozen=True, slots=True)
class _Shown:
    """A decoded picture and when it appears and goes, in seconds of the file's timeline."""

    frame: VideoFrame
    start_s: Fraction
    end_s: Fraction


def _stream(container: InputContainer, query: PictureQuery) -> VideoStream:
    """The stream a player shows: the first that is no cover. Raises NotMeasurable, BadMedia."""
    from av.stream import Disposition

    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    found = [stream for stream in container.streams.video if not stream.disposition & covers and stream.codec_context is not None]
    if not found:
        what = "only a still cover picture" if container.streams.video else "no picture"
        raise NotMeasurable(f"“{query.name}” has {what}, so there are no faces to follow; lips can only be judged on a film.")
    stream = found[0]
    if stream.codec_context.width * stream.codec_context.height > MAX_PICTURE_PX:
        raise BadMedia(query.name, "its picture is larger than the studio can hold. Scale it down.")
    stream.thread_type = "AUTO"
    return stream


def _timed(container: InputContainer, stream: VideoStream) -> Iterator[_Shown]:
    """Decoded pictures with their times; those out of order or without a place are left out, broken packets skipped."""
    origin = Fraction(container.start_time, 1_000_000) if container.start_time is not None else None
    base = stream.time_base or Fraction(1, 1000)
    usual_s = 1 / Fraction(stream.average_rate) if stream.average_rate else _STEP
    last_s: Fraction | None = None
    for frame in _packets_decoded(container, stream):
        if frame.width * frame.height > MAX_PICTURE_PX:
            continue
        if frame.pts is not None:
            start_s = frame.pts * base - (origin or 0)
        else:
            start_s = Fraction(0) if last_s is None else last_s + usual_s
        if last_s is not None and start_s <= last_s:
            continue
        length_s = frame.duration * base if frame.duration else usual_s
        last_s = start_s
        yield _Shown(frame, start_s, start_s + length_s)


def _packets_decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every picture that can be decoded. A file that breaks off ends there."""
    import av

    bad = 0
    packets = container.demux(stream)
    while bad < _MAX_BAD_PACKETS:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, OSError):
            return
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, OSError):
            bad += 1


def _on_grid(shown: Iterator[_Shown], query: PictureQuery) -> Iterator[np.ndarray]:
    """For each moment of the grid the picture whose own moment is nearest."""
    limit_ms = Limits().max_media_ms if query.length_ms is None else query.length_ms
    last_tick = -(-limit_ms * FACE_RATE_HZ // 1000)
    plate = _Plate(query.longest_px)
    tick, held = 0, None
    for picture in shown:
        if held is None:
            plate.fit(picture.frame)
            while tick < last_tick and (tick + 1) * _STEP <= picture.start_s:
                yield plate.black()
                tick += 1
        else:
            while tick < last_tick and 2 * tick * _STEP < held.start_s + picture.start_s:
                yield plate.rgb(held.frame)
                tick += 1
        held = picture
        if tick >= last_tick:
            return
    if held is None:
        raise MediaToolFailed(_ACTION, f"no picture of “{query.name}” can be decoded; export it again as H.264.")
    while tick < last_tick and tick * _STEP < held.end_s:
        yield plate.rgb(held.frame)
        tick += 1
    while query.length_ms is not None and tick < last_tick:
        yield plate.black()
        tick += 1


class _Plate:
    """The one size every picture of a film is given, upright; keeps the last one converted."""

    def __init__(self, longest_px: int | None) -> None:
        self._longest_px = longest_px
        self._width = self._height = 0
        self._turns = 0
        self._last: tuple[VideoFrame, np.ndarray] | None = None
        self._black: np.ndarray | None = None

    def fit(self, frame: VideoFrame) -> None:
        """Take the size and the turn of the first picture."""
        longest = max(frame.width, frame.height)
        ratio = 1.0 if self._longest_px is None else min(1.0, self._longest_px / longest)
        self._width, self._height = (max(1, round(size * ratio)) for size in (frame.width, frame.height))
        self._turns = round(frame.rotation / 90) % 4

    def black(self) -> np.ndarray:
        import numpy as np

        if self._black is None:
            size = (self._height, self._width) if self._turns % 2 == 0 else (self._width, self._height)
            self._black = np.zeros((*size, 3), np.uint8)
            self._black.flags.writeable = False
        return self._black

    def rgb(self, frame: VideoFrame) -> np.ndarray:
        """`frame` as RGB; the same array as long as the frame is the same."""
        import numpy as np

        if self._last is not None and self._last[0] is frame:
            return self._last[1]
        is_same = (frame.width, frame.height) == (self._width, self._height)
        size = {} if is_same else {"width": self._width, "height": self._height, "interpolation": "BILINEAR"}
        array = frame.to_ndarray(format="rgb24", **size)
        if self._turns:
            array = np.ascontiguousarray(np.rot90(array, self._turns))
        array.flags.writeable = False
        self._last = (frame, array)
        return array
