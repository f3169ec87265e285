"""Peaks are the same however the sound is cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.peaks import PEAKS_PER_SECOND, build_peaks, read_peaks


def test_each_peak_spans_its_twenty_ms() -> None:
    samples = np.zeros(16_000, dtype=np.float32)
    samples[320 * 3 + 5], samples[320 * 3 + 7], samples[-1] = 0.5, -1.0, 1.0
    peaks = read_peaks(build_peaks([samples], 16_000))
    assert peaks.per_second == PEAKS_PER_SECOND
    assert len(peaks.low) == 50
    assert (peaks.low[3], peaks.high[3]) == (-127, 64)
    assert peaks.high[49] == 127
    assert np.count_nonzero(peaks.high) == 2
    assert peaks.length_ms == 1000


def test_blocks_of_any_length_give_the_same_bytes() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, 10_001).astype(np.float32)
    cuts = [0, 1, 319, 320, 321, 5000, 10_001]
    pieces = [samples[low:high] for low, high in zip(cuts, cuts[1:], strict=False)]
    assert build_peaks(pieces, 16_000) == build_peaks([samples], 16_000)


def test_no_sound_has_no_peaks() -> None:
    assert len(read_peaks(build_peaks([], 16_000)).low) == 0


def test_other_bytes_are_refused() -> None:
    for data in (b"", b"RIFF1234567890", build_peaks([np.zeros(320, dtype=np.float32)], 16_000)[:-1]):
        with pytest.raises(ValueError, match="not waveform peaks"):
            read_peaks(data)


def test_a_rate_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="11025 Hz"):
        build_peaks([], 11_025)
