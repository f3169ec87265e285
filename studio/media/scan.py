"""What lies inside a container, by demuxing it with PyAV: streams, times, frame rates. No picture but the first is decoded.

Small files are read to their end, so that headers need not be believed; of large ones the head and the tail.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadMedia, MediaToolFailed
from studio.domain.plain import from_plain
from studio.media.apart import Question, answer
from studio.media.child import ToolCall
from studio.media.ffmpeg import DEMUXERS, local
from studio.media.sniff import Kind

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_FULL_SCAN_BYTES = 64 * 2**20
_HEAD_PACKETS = 6000
_TAIL_S = 20
_BUDGET_S = 600.0
_TIMEOUT_S = 2.5 * _BUDGET_S
_MAX_STREAMS = 256
_MAX_WORD = 200
_DECODED_FOR_ROTATION = 60
_MAX_DECODED_PX = 8192 * 8192
_MAX_FPS = 1000
_SAME_RATE = 0.005


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream as found. Times in ms from the file's origin; `rotation_deg` clockwise, 0–359."""

    type: str
    codec: str
    packet_count: int
    is_counted: bool
    start_ms: int
    end_ms: int
    is_cover: bool
    is_default: bool
    language: str | None = None
    title: str | None = None
    rate_hz: int = 0
    channels: int = 0
    width_px: int = 0
    height_px: int = 0
    fps: Fraction | None = None
    is_variable_rate: bool = False
    rotation_deg: int = 0


@dataclass(frozen=True, slots=True)
class Contents:
    """`broke_off`: the file ends well before its own header says it does."""

    demuxer: str
    streams: tuple[StreamFacts, ...]
    broke_off: bool


@dataclass(slots=True)
class _Seen:
    """Packets met so far of one stream; times in its own ticks."""

    count: int = 0
    first: int | None = None
    end: int | None = None
    last_step: int = 0
    moments: list[int] = field(default_factory=list)

    def add(self, packet: Packet, keep_moments: bool) -> None:
        moment = packet.pts if packet.pts is not None else packet.dts
        self.count += 1
        if moment is None or packet.is_discard:
            return
        self.first = moment if self.first is None else min(self.first, moment)
        end = moment + (packet.duration or 0)
        self.end = end if self.end is None else max(self.end, end)
        if keep_moments and len(self.moments) < _HEAD_PACKETS:
            self.moments.append(moment)


def scan(path: Path, kind: Kind, name: str) -> Contents:
    """Look through a file as the demuxer of `kind`, in a process of its own. Raises BadMedia when it cannot be opened at all."""
    question = Question("scan", str(path.resolve()), name, kind.container, kind.demuxer)
    try:
        return from_plain(Contents, answer(question, ToolCall("Looking through the file", _TIMEOUT_S)))
    except (TypeError, ValueError, KeyError, ZeroDivisionError) as error:
        raise BadMedia(name, "it makes the decoder talk nonsense; it is damaged, or made to do that. Export it again.") from error
    except MediaToolFailed as error:
        raise BadMedia(name, "looking through it took too long; it is damaged, or made to do that. Export it again.") from error


def look_through(path: Path, kind: Kind, name: str) -> Contents:
    """The same in this process: only for the reader."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(DEMUXERS)}
    try:
        with av.open(local(path), format=kind.demuxer, options=options, metadata_errors="replace") as container:
            return _look_through(container, path.stat().st_size, name)
    except (av.error.FFmpegError, OSError) as error:
        raise BadMedia(name, _why_not(path, kind)) from error


def _why_not(path: Path, kind: Kind) -> str:
    if kind.demuxer == "mov":
        return "its index is missing: the file is broken off or was never finished. Export or download it again."
    if kind.demuxer is None:
        return "it is no kind of film or sound file the studio knows."
    return f"it begins like {kind.container}, but it is damaged or broken off after {path.stat().st_size:,} bytes."


def _look_through(container: InputContainer, size_bytes: int, name: str) -> Contents:
    if len(container.streams) > _MAX_STREAMS:
        raise BadMedia(name, f"it claims {len(container.streams):,} tracks, more than any film has.")
    seen = {stream.index: _Seen() for stream in container.streams}
    is_whole = size_bytes <= _FULL_SCAN_BYTES or not _head_and_tail(container, seen)
    if is_whole:
        seen = {stream.index: _Seen() for stream in container.streams}
        _seek(container, 0)
        if not _demux(container, seen):
            raise BadMedia(name, "it has no index and is too large to be looked through without one. Remux it, then upload it again.")
    origin_s = _origin_s(container, seen)
    streams = tuple(_facts(stream, seen[stream.index], origin_s, is_whole) for stream in container.streams)
    ends = [facts.end_ms for facts in streams if facts.type in ("video", "audio") and not facts.is_cover]
    promised_ms = (container.duration or 0) / 1000
    reached_ms = max(ends, default=0) + float(origin_s) * 1000  # some containers count their length from zero, not from their start
    broke_off = promised_ms - reached_ms > max(1000, promised_ms * 0.05)
    return Contents(container.format.name.split(",")[0], _with_rotation(container, streams), broke_off and bool(ends))


def _head_and_tail(container: InputContainer, seen: dict[int, _Seen]) -> bool:
    """Read both ends of a large file; False where the tail cannot be reached, so that the header may be wrong."""
    if not container.duration:
        return False
    _demux(container, seen, _HEAD_PACKETS)
    count = sum(item.count for item in seen.values())
    tail_us = container.duration + (container.start_time or 0) - _TAIL_S * 1_000_000
    return _seek(container, tail_us) and _demux(container, seen) and sum(item.count for item in seen.values()) > count


def _seek(container: InputContainer, offset_us: int) -> bool:
    import av

    try:
        container.seek(max(0, offset_us), backward=True)
    except (av.error.FFmpegError, OSError):
        return False
    return True


def _demux(container: InputContainer, seen: dict[int, _Seen], limit: int | None = None) -> bool:
    """Read packets up to the end, an error or the limit, and keep what they tell; False when time ran out."""
    import av

    deadline = time.monotonic() + _BUDGET_S
    try:
        for number, packet in enumerate(container.demux()):
            if packet.size and packet.stream_index in seen:
                seen[packet.stream_index].add(packet, packet.stream.type == "video")
            if number == limit:
                return True
            if time.monotonic() > deadline:
                return False
    except (av.error.FFmpegError, OSError):
        return True
    return True


def _origin_s(container: InputContainer, seen: dict[int, _Seen]) -> Fraction:
    """The file's zero as ffmpeg takes it, so that what is read and what is written agree."""
    if container.start_time is not None:
        return Fraction(container.start_time, 1_000_000)
    firsts = [(seen[stream.index].first, stream.time_base) for stream in container.streams]
    return min((first * base for first, base in firsts if first is not None and base), default=Fraction(0))


def _facts(stream: Stream, seen: _Seen, origin_s: Fraction, is_whole: bool) -> StreamFacts:
    from av.stream import Disposition

    base = stream.time_base or Fraction(1, 1000)
    is_edited = stream.container.format.name.startswith("mov")  # an edit list may end a track inside its last packet
    moments = sorted(set(seen.moments))
    step = _usual_step(moments)
    rate = _frame_rate(stream, step, base) if stream.type == "video" else None
    end = seen.end
    if end is not None and rate is not None and moments and is_whole:
        end = max(end, moments[-1] + round(1 / (rate * base))) if not _has_duration(seen, moments) else end
    if stream.duration and end is not None and (not is_whole or is_edited):
        promised = (stream.start_time or 0) + stream.duration
        end = min(end, promised) if is_whole else max(end, promised)
    context = getattr(stream, "codec_context", None)
    return StreamFacts(
        type=stream.type or "data",
        codec=context.codec.canonical_name if context is not None else "unknown",
        packet_count=stream.frames if not is_whole and stream.frames else seen.count,
        is_counted=is_whole or bool(stream.frames),
        start_ms=_ms(seen.first, base, origin_s),
        end_ms=_ms(end, base, origin_s),
        is_cover=bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)),
        is_default=bool(stream.disposition & Disposition.default),
        language=_word(stream, "language"),
        title=_word(stream, "title"),
        rate_hz=getattr(context, "sample_rate", 0) or 0 if stream.type == "audio" else 0,
        channels=getattr(context, "channels", 0) or 0 if stream.type == "audio" else 0,
        width_px=getattr(context, "width", 0) or 0,
        height_px=getattr(context, "height", 0) or 0,
        fps=rate,
        is_variable_rate=_is_variable(moments, step, base),
    )


def _word(stream: Stream, name: str) -> str | None:
    word = stream.metadata.get(name)
    return None if word is None else word[:_MAX_WORD]


def _has_duration(seen: _Seen, moments: list[int]) -> bool:
    return seen.end is not None and seen.end > moments[-1]


def _ms(ticks: int | None, base: Fraction, origin_s: Fraction) -> int:
    return 0 if ticks is None else int((ticks * base - origin_s) * 1000 + Fraction(1, 2))


def _usual_step(moments: list[int]) -> int:
    """The median distance of pictures, 0 where there are fewer than two."""
    steps = sorted(later - earlier for earlier, later in zip(moments, moments[1:], strict=False))
    return steps[len(steps) // 2] if steps else 0


def _frame_rate(stream: Stream, step: int, base: Fraction) -> Fraction | None:
    """The container's average rate, or the plain rate next to it that ffmpeg guesses; absurd ones give way to the usual distance of pictures."""
    average, guessed = getattr(stream, "average_rate", None), getattr(stream, "guessed_rate", None)
    if average and guessed and abs(guessed / average - 1) < _SAME_RATE:
        average = guessed
    for rate in (average, guessed, 1 / (step * base) if step else None):
        if rate is not None and 0 < rate <= _MAX_FPS:
            return Fraction(rate)
    return None


def _is_variable(moments: list[int], step: int, base: Fraction) -> bool:
    """More than one picture in a hundred is off its beat by over a tenth, beyond what rounding to ticks or ms explains."""
    if len(moments) < 8 or not step:
        return False
    slack = max(step / 10, 1.01, float(Fraction(1, 900) / base))
    odd = sum(abs(later - earlier - step) > slack for earlier, later in zip(moments, moments[1:], strict=False))
    return odd > max(1, len(moments) // 100)


def _with_rotation(container: InputContainer, streams: tuple[StreamFacts, ...]) -> tuple[StreamFacts, ...]:
    from dataclasses import replace

    index = next((i for i, facts in enumerate(streams) if facts.type == "video" and not facts.is_cover and facts.packet_count), None)
    if index is None or streams[index].width_px * streams[index].height_px > _MAX_DECODED_PX:
        return streams
    turned = replace(streams[index], rotation_deg=_rotation_deg(container, index))
    return (*streams[:index], turned, *streams[index + 1 :])


def _rotation_deg(container: InputContainer, index: int) -> int:
    """How far a player turns the picture clockwise; frames carry it counter-clockwise."""
    import av

    if not _seek(container, container.start_time or 0):
        return 0
    try:
        for number, packet in enumerate(container.demux(container.streams[index])):
            for frame in packet.decode():
                return -round(frame.rotation / 90) * 90 % 360
            if number > _DECODED_FOR_ROTATION:
                return 0
    except (av.error.FFmpegError, OSError):
        return 0
    return 0
