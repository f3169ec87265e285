"""One line's own file: its take in place, with handles of what was trimmed off it, or of silence.

Files begin and end on frames, so that a timeline counted in frames places them to the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.domain.line import Take
from studio.domain.timebase import Timebase
from studio.engines.protocols import Audio
from studio.handover.material import HeardTake, Material
from studio.handover.names import line_wav_name
from studio.handover.package import Part
from studio.media.broadcast_wav import Stamp, WavShape, pcm24, wav_header, wav_size
from studio.media.wav import read_wav
from studio.stages.mix import MIX_RATE_HZ
from studio.stages.pauses import speech_range
from studio.store.blobs import BlobStore

if TYPE_CHECKING:
    import numpy as np

_JOIN_SAMPLES = MIX_RATE_HZ // 200  # 5 ms: over this the natural ends swell in and die away


@dataclass(frozen=True, slots=True)
class LineFile:
    """Where one take lies, in frames of the programme: the file from `file_start` on, the sound in it from `start` to `end`."""

    heard: HeardTake
    name: str
    file_start: int
    start: int
    end: int
    file_end: int

    def samples(self, base: Timebase) -> tuple[int, int]:
        """The file's first sample and the one after its last, on the programme's timeline."""
        return base.samples(self.file_start, MIX_RATE_HZ), base.samples(self.file_end, MIX_RATE_HZ)


def line_files(material: Material) -> tuple[LineFile, ...]:
    """One per take that is heard, in timeline order; no file begins before the programme does."""
    base, handle = material.base, material.base.end_frame(material.project.settings.handover.handle_ms)
    files = []
    for heard in material.heard:
        start, end = base.frames_around(heard.start_samples, max(heard.start_samples + 1, heard.end_samples), MIX_RATE_HZ)
        files.append(LineFile(heard, line_wav_name(heard.row.line, heard.row.number, heard.row.speaker.name, base), max(0, start - handle), start, end, end + handle))
    return tuple(files)


def line_part(file: LineFile, material: Material, blobs: BlobStore, folder: str) -> Part:
    """The WAV of one line: as voiced, without gain or fade, 48 kHz, 24 bit, mono, with its place in the `bext` chunk."""
    first, after = file.samples(material.base)
    shape = WavShape(after - first, MIX_RATE_HZ)
    midnight = material.base.samples(material.base.start_frame, MIX_RATE_HZ)
    row = file.heard.row
    stamp = Stamp(f"Line {row.number}", midnight + first, reference=row.line.id[:32])

    def chunks() -> Iterator[bytes]:
        yield wav_header(shape, stamp)
        yield pcm24(_sound(file.heard, first, shape.samples, material.project.settings.fit.trim_db, blobs)) + shape.pad

    return Part(f"{folder}/{file.name}", wav_size(shape, stamp), chunks)


def natural_ends(raw: Audio, take: Take, trim_db: float) -> tuple[Audio, Audio]:
    """What trimming took off a take before and after its speech: breath and decay, at their natural rate. Both are empty where the
    take was not trimmed, and the first where it begins with a silence of its own."""
    bare = Audio(raw.samples[:0], raw.rate_hz)
    if take.made is not None or take.report.trimmed_ms <= 0:
        return bare, bare
    speech = speech_range(raw, trim_db)
    if speech.end_samples <= speech.start_samples:
        return bare, bare
    head = bare if take.report.lead_ms else Audio(raw.samples[: speech.start_samples], raw.rate_hz)
    return head, Audio(raw.samples[speech.end_samples :], raw.rate_hz)


def _sound(heard: HeardTake, first: int, count: int, trim_db: float, blobs: BlobStore) -> np.ndarray:
    """Float32, shape (count,), from sample `first` of the programme on."""
    import numpy as np

    out = np.zeros(count, dtype=np.float32)
    at, speech = heard.start_samples - first, _at_mix_rate(read_wav(heard.path))
    speech = speech[: count - at]
    out[at : at + len(speech)] = speech
    if blobs.exists(heard.take.raw_blob) and heard.take.raw_blob != heard.take.fitted_blob:
        head, tail = (_at_mix_rate(end) for end in natural_ends(read_wav(blobs.path(heard.take.raw_blob)), heard.take, trim_db))
        _put_head(out[:at], head)
        _put_tail(out[at + len(speech) :], tail)
    return out


def _put_head(room: np.ndarray, head: np.ndarray) -> None:
    kept = head[max(0, len(head) - len(room)) :].copy()
    fade = min(_JOIN_SAMPLES, len(kept))
    kept[:fade] *= _ramp(fade)
    room[len(room) - len(kept) :] = kept


def _put_tail(room: np.ndarray, tail: np.ndarray) -> None:
    kept = tail[: len(room)].copy()
    fade = min(_JOIN_SAMPLES, len(kept))
    kept[len(kept) - fade :] *= _ramp(fade)[::-1]
    room[: len(kept)] = kept


def _ramp(count: int) -> np.ndarray:
    import numpy as np

    return np.linspace(0, 1, count, endpoint=False, dtype=np.float32)


def _at_mix_rate(audio: Audio) -> np.ndarray:
    import numpy as np
    import soxr

    samples = audio.samples if audio.rate_hz == MIX_RATE_HZ or not len(audio.samples) else soxr.resample(audio.samples, audio.rate_hz, MIX_RATE_HZ)
    return np.asarray(samples, dtype=np.float32)
