"""No true peak passes the ceiling, what lies below it is untouched, and no sample is lost."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.limiter import Limiter
from studio.media.loudness import oversampled_magnitude


def limited(samples: np.ndarray, ceiling_db: float, block: int) -> tuple[np.ndarray, int]:
    limiter = Limiter(ceiling_db)
    parts = [limiter.feed(samples[start : start + block]) for start in range(0, len(samples), block)]
    return np.concatenate([*parts, limiter.finish()]), limiter.limited_samples


def burst() -> np.ndarray:
    random = np.random.default_rng(3)
    samples = random.standard_normal((96_000, 2)) * 0.05
    samples[30_000:31_000] *= 30
    samples[70_000] = 3.0
    return samples.astype(np.float32)


@pytest.mark.parametrize("block", [65_536, 5000, 999])
def test_peaks_stay_under_the_ceiling_whatever_the_blocks(block: int) -> None:
    out, count = limited(burst(), -2.0, block)
    assert out.shape == (96_000, 2)
    assert 20 * np.log10(oversampled_magnitude(out).max()) <= -1.9
    assert 0 < count < 20_000


def test_sound_below_the_ceiling_passes_unchanged() -> None:
    quiet = (burst() * 0.01).astype(np.float32)
    out, count = limited(quiet, -2.0, 4096)
    assert np.array_equal(out, quiet)
    assert count == 0


def test_far_from_a_peak_nothing_changes_and_both_channels_share_the_gain() -> None:
    samples = burst()
    out, _ = limited(samples, -2.0, 8192)
    assert np.allclose(out[:25_000], samples[:25_000])
    near = slice(30_200, 30_800)
    ratios = out[near] / samples[near]
    assert np.allclose(ratios[:, 0], ratios[:, 1], atol=1e-5)


def test_the_gain_moves_without_steps() -> None:
    wave = np.ones((48_000, 1), dtype=np.float32) * 0.4
    wave[24_000] = 2.0
    out, _ = limited(wave, -2.0, 48_000)
    steady = np.delete(out[:, 0], range(23_990, 24_010))
    assert np.abs(np.diff(steady)).max() < 0.02


def test_nothing_fed_gives_nothing() -> None:
    assert len(Limiter(-1.0).finish()) == 0
