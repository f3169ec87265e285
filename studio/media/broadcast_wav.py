"""Broadcast-WAV, 24 bit, written forward only: a header of known size, then samples. It streams into a file or an archive alike.

The `bext` chunk (EBU Tech 3285) carries where the sound begins, in samples since midnight; workstations put the file there.
Files beyond 4 GiB become RF64 (EBU Tech 3306).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SAMPLE_BYTES = 3
_RIFF_LIMIT_BYTES = 0xFFFF_FFFF
_UNTOLD = 0xFFFF_FFFF
_BEXT = struct.Struct("<256s32s32s10s8sQH64s10s180s")
_FULL_SCALE = 1 << 23


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the `bext` chunk says. `start_samples`: the first sample, counted from midnight of the timecode. Texts are cut to their
    fields and written in ASCII. `date` is YYYY-MM-DD, `clock` HH:MM:SS."""

    description: str
    start_samples: int
    reference: str = ""
    date: str = ""
    clock: str = ""


@dataclass(frozen=True, slots=True)
class WavShape:
    """A sound file before it is written."""

    samples: int
    rate_hz: int
    channels: int = 1

    @property
    def data_bytes(self) -> int:
        return self.samples * self.channels * SAMPLE_BYTES

    @property
    def pad(self) -> bytes:
        """What follows the samples: RIFF chunks are even."""
        return b"\0" * (self.data_bytes % 2)


def wav_header(shape: WavShape, stamp: Stamp) -> bytes:
    """Everything before the first sample."""
    frame_bytes = shape.channels * SAMPLE_BYTES
    format_chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, shape.channels, shape.rate_hz, shape.rate_hz * frame_bytes, frame_bytes, 24)
    bext = struct.pack("<4sI", b"bext", _BEXT.size) + _bext(stamp)
    body = 4 + len(bext) + len(format_chunk) + 8 + shape.data_bytes + len(shape.pad)
    if body <= _RIFF_LIMIT_BYTES:
        return struct.pack("<4sI4s", b"RIFF", body, b"WAVE") + bext + format_chunk + struct.pack("<4sI", b"data", shape.data_bytes)
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, body + 36, shape.data_bytes, shape.samples, 0)
    return struct.pack("<4sI4s", b"RF64", _UNTOLD, b"WAVE") + sizes + bext + format_chunk + struct.pack("<4sI", b"data", _UNTOLD)


def wav_size(shape: WavShape, stamp: Stamp) -> int:
    """Bytes of the whole file."""
    return len(wav_header(shape, stamp)) + shape.data_bytes + len(shape.pad)


def pcm24(block: np.ndarray) -> bytes:
    """Samples of shape (n,) or (n, channels), −1..1, as little-endian 24-bit integers; what lies beyond full scale is held there."""
    import numpy as np

    whole = np.rint(np.asarray(block, dtype=np.float64) * _FULL_SCALE)
    numbers = np.clip(whole, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i4").ravel()
    return numbers.view(np.uint8).reshape(-1, 4)[:, :SAMPLE_BYTES].tobytes()


def _bext(stamp: Stamp) -> bytes:
    texts = [_ascii(text) for text in (stamp.description, "Lipline", stamp.reference, stamp.date, stamp.clock)]
    return _BEXT.pack(*texts, max(0, stamp.start_samples), 1, bytes(64), bytes(10), bytes(180))


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace").replace(b"\0", b"?")
