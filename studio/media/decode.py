"""Sound out of any media file: float32 blocks on the file's timeline, with constant memory however long the film.

A late track is padded with silence, holes are filled from timestamps, damaged packets are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.timing import TimeSpan, ms_to_samples
from studio.media.ffmpeg import DEFAULT_TIMEOUT_S, CancelCheck, ToolCall, input_args, stream

if TYPE_CHECKING:
    import numpy as np

_BLOCK_SAMPLES = 1 << 16
_FLOAT_BYTES = 4
_HOLE_S = 0.04
"""Jumps of the timestamps smaller than this are jitter of the container, larger ones are holes to fill."""


@dataclass(frozen=True, slots=True)
class SoundQuery:
    """Which sound is wanted. `track` counts sound streams from 0; `length_ms` None reads to the end of the track.

    `shift_ms`: how much later the sound is heard than the file has it (negative: earlier); `start_ms` is on the corrected timeline."""

    path: Path
    track: int = 0
    rate_hz: int = 48_000
    channels: int = 2
    start_ms: int = 0
    length_ms: int | None = None
    shift_ms: int = 0

    def unshifted(self) -> tuple[int, SoundQuery]:
        """Silent ms that come first, and the query for the rest on the file's own timeline."""
        at_ms = self.start_ms - self.shift_ms
        lead_ms = max(0, -at_ms)
        if self.length_ms is None:
            return lead_ms, replace(self, start_ms=max(0, at_ms), shift_ms=0)
        lead_ms = min(lead_ms, self.length_ms)
        return lead_ms, replace(self, start_ms=max(0, at_ms), length_ms=self.length_ms - lead_ms, shift_ms=0)


def shift_filter(shift_ms: int) -> str:
    """An ffmpeg filter that plays a sound so much later, or earlier where negative; empty for none."""
    if shift_ms > 0:
        return f"adelay={shift_ms}:all=1"
    return f"atrim=start={-shift_ms / 1000:.3f},asetpts=PTS-STARTPTS" if shift_ms else ""


def audio_blocks(query: SoundQuery, *, cancel: CancelCheck | None = None, timeout_s: float = DEFAULT_TIMEOUT_S) -> Iterator[np.ndarray]:
    """Yield float32 blocks of shape (n_samples, channels), −1..1, first sample at `start_ms` of the file's timeline.

    With `length_ms`, exactly that many samples come, silence after the track's end. Raises MediaToolFailed, Cancelled.
    """
    import numpy as np

    left = None if query.length_ms is None else ms_to_samples(query.length_ms, query.rate_hz)
    if query.shift_ms:
        lead_ms, query = query.unshifted()
        lead = ms_to_samples(lead_ms, query.rate_hz)
        if lead:
            yield np.zeros((lead, query.channels), dtype=np.float32)
        left = None if left is None else left - lead
        if left == 0:
            return
    call = ToolCall("Reading the sound", timeout_s, cancel)
    frame_bytes = _FLOAT_BYTES * query.channels
    for data in stream(_arguments(query), call, _BLOCK_SAMPLES * frame_bytes):
        usable = len(data) - len(data) % frame_bytes
        block = np.frombuffer(data[:usable], dtype="<f4").reshape(-1, query.channels)
        if left is not None:
            block = block[:left]
            left -= len(block)
        if len(block):
            yield np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0) if not np.isfinite(block).all() else block
    while left:
        block = np.zeros((min(left, _BLOCK_SAMPLES), query.channels), dtype=np.float32)
        left -= len(block)
        yield block


def _arguments(query: SoundQuery) -> list[str]:
    before = ["-err_detect", "ignore_err"]
    if query.start_ms:
        before += ["-ss", f"{query.start_ms / 1000:.3f}"]
    length = [] if query.length_ms is None else ["-t", f"{(query.length_ms + 1) / 1000:.3f}"]
    align = f"aresample={query.rate_hz}:async=1:min_hard_comp={_HOLE_S}:first_pts=0"
    return [
        "-loglevel", "error", *input_args(query.path, *before), "-map", f"0:a:{query.track}", "-vn", "-sn", "-dn", *length,
        "-af", align, "-ac", str(query.channels), "-ar", str(query.rate_hz), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1",
    ]  # fmt: skip


def read_audio(path: Path, *, track: int, rate_hz: int, span: TimeSpan, shift_ms: int = 0, timeout_s: float = 120.0) -> np.ndarray:
    """Mono float32 of one span, shape (n_samples,), by seeking: a line three hours into a film is as quick as the first.

    Exactly the span's length; what lies past the end of the track is silence. Raises MediaToolFailed.
    """
    import numpy as np

    query = SoundQuery(path, track=track, rate_hz=rate_hz, channels=1, start_ms=span.start_ms, length_ms=span.length_ms, shift_ms=shift_ms)
    return np.concatenate(list(audio_blocks(query, timeout_s=timeout_s))).reshape(-1)
