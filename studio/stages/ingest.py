"""From an uploaded file to what later stages listen to: 16 kHz mono speech and the waveform of the page, in one pass.

Enters a probed file and a place for blobs; leaves `Ingest` with their keys. Memory does not grow with the film.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.domain.errors import BadSetting
from studio.domain.media import MediaInfo
from studio.domain.timing import ms_to_samples, samples_to_ms
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.ffmpeg import CancelCheck, storage_error
from studio.media.peaks import PeakBuilder
from studio.media.wav import WavWriter

SPEECH_RATE_HZ = 16_000
Progress = Callable[[int, int], None]
"""Told (done_ms, total_ms)."""


class BlobDraft(Protocol):
    """A file being written; `key` is known once the context that gave it has ended."""

    @property
    def path(self) -> Path: ...

    @property
    def key(self) -> str: ...


class BlobMaker(Protocol):
    def create(self, suffix: str) -> AbstractContextManager[BlobDraft]: ...


@dataclass(frozen=True, slots=True)
class Ingest:
    """Blob keys of the speech (WAV, PCM16, 16 kHz mono, exactly `duration_ms`) and its peaks; None without any sound."""

    speech_wav: str | None
    peaks: str | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """`track` is the `AudioTrack.index` the person chose; `shift_ms` how much later its sound is played than the file has it."""

    path: Path
    info: MediaInfo
    track: int
    shift_ms: int = 0


def ingest(request: IngestRequest, blobs: BlobMaker, *, progress: Progress | None = None, cancel: CancelCheck | None = None) -> Ingest:
    """Stream the chosen track once into both blobs. Raises BadSetting for a track the file lacks, MediaToolFailed, OutOfSpace, Cancelled."""
    info = request.info
    if not info.audio:
        return Ingest(None, None, info.duration_ms)
    check_track(info, request.track)
    total = ms_to_samples(info.duration_ms, SPEECH_RATE_HZ)
    query = SoundQuery(request.path, request.track, SPEECH_RATE_HZ, channels=1, length_ms=info.duration_ms, shift_ms=request.shift_ms)
    builder = PeakBuilder(SPEECH_RATE_HZ)
    with blobs.create(".wav") as speech, WavWriter(speech.path, rate_hz=SPEECH_RATE_HZ, channels=1, expected_samples=total) as wav:
        for block in audio_blocks(query, cancel=cancel):
            wav.write(block)
            builder.add(block[:, 0])
            if progress is not None:
                progress(samples_to_ms(wav.samples_written, SPEECH_RATE_HZ), info.duration_ms)
    with blobs.create(".peaks") as peaks:
        _write(peaks.path, builder.finish())
    return Ingest(speech.key, peaks.key, info.duration_ms)


def check_track(info: MediaInfo, track: int) -> None:
    """Raises BadSetting with the tracks there are, when `track` is none of them."""
    if track not in {known.index for known in info.audio}:
        there = ", ".join(f"{known.index} ({known.language or known.codec})" for known in info.audio)
        raise BadSetting(f"The file has no sound track {track}; it has {there or 'none'}.")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise storage_error(error, path) from error
