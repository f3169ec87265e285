"""The dubbed voices as one stream: takes put on the timeline to the sample, each loaded only while it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.timing import TimeSpan, ms_to_samples, samples_to_ms
from studio.media.loudness import METER_RATE_HZ, LoudnessMeter
from studio.media.wav import read_wav, wav_samples

if TYPE_CHECKING:
    import numpy as np

_MAX_LIFT_DB = 30.0


@dataclass(frozen=True, slots=True)
class PlacedTake:
    """A mono WAV and where it begins. `source_span` is the line it replaces, lowered in the bed together with the take itself."""

    path: Path
    start_ms: int
    source_span: TimeSpan | None = None


class Voices:
    """All takes of a programme, mixed; they may overlap. `levels_lufs` is the loudness each is brought to, take by take."""

    def __init__(self, takes: Sequence[PlacedTake], rate_hz: int, *, fade_ms: int, levels_lufs: Sequence[float]) -> None:
        order = sorted(range(len(takes)), key=lambda number: takes[number].start_ms)
        self.takes = [takes[number] for number in order]
        self._levels_lufs = [levels_lufs[number] for number in order]
        self._rate_hz, self._fade_samples = rate_hz, ms_to_samples(fade_ms, rate_hz)
        self._gains: dict[int, float] = {}
        self.spans = [self._span(take) for take in self.takes]
        """(start, end) of each take in samples, by start."""
        self.rewind()

    def rewind(self) -> None:
        self._next = 0
        self._sounding: list[tuple[int, np.ndarray]] = []

    def read(self, position: int, count: int) -> np.ndarray:
        """Mono float32, shape (count,), from sample `position` on; positions must not go back between rewinds."""
        import numpy as np

        out = np.zeros(count, dtype=np.float32)
        while self._next < len(self.takes) and self.spans[self._next][0] < position + count:
            self._sounding.append((self.spans[self._next][0], self._load(self._next)))
            self._next += 1
        for start, samples in self._sounding:
            low, high = max(position, start), min(position + count, start + len(samples))
            if low < high:
                out[low - position : high - position] += samples[low - start : high - start]
        self._sounding = [(start, samples) for start, samples in self._sounding if start + len(samples) > position + count]
        return out

    def sounding_spans(self) -> list[TimeSpan]:
        """Where each take sounds, in ms."""
        sounding = [(start, end) for start, end in self.spans if end > start]
        return [TimeSpan(samples_to_ms(start, self._rate_hz), max(1, samples_to_ms(end, self._rate_hz))) for start, end in sounding]

    def _span(self, take: PlacedTake) -> tuple[int, int]:
        start = ms_to_samples(take.start_ms, self._rate_hz)
        return start, start + wav_samples(take.path, self._rate_hz)

    def _load(self, number: int) -> np.ndarray:
        import numpy as np
        import soxr

        audio = read_wav(self.takes[number].path)
        samples = audio.samples if audio.rate_hz == self._rate_hz else soxr.resample(audio.samples, audio.rate_hz, self._rate_hz)
        samples = np.array(samples, dtype=np.float32)
        fade = min(self._fade_samples, len(samples) // 2)
        if fade:
            ramp = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
            samples[:fade] *= ramp
            samples[-fade:] *= ramp[::-1]
        return samples * np.float32(self._gain(number, samples))

    def _gain(self, number: int, samples: np.ndarray) -> float:
        """Measured once per take; a silent take stays silent."""
        if number not in self._gains:
            assert self._rate_hz == METER_RATE_HZ
            meter = LoudnessMeter(channels=1, keeps_peak=False)
            meter.add(samples.reshape(-1, 1))
            lufs = meter.loudness().integrated_lufs
            # One channel measures 3 dB less than the same sound on both sides of the mix.
            lift_db = 0.0 if lufs is None else min(_MAX_LIFT_DB, self._levels_lufs[number] - lufs - 3.01)
            self._gains[number] = 10 ** (lift_db / 20)
        return self._gains[number]
