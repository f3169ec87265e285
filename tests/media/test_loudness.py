"""The meter agrees with ffmpeg's and with the reference tones of EBU Tech 3341; silence has no loudness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.timing import TimeSpan
from studio.media.loudness import Loudness, LoudnessMeter, measure, oversampled_magnitude, true_peak_ratio

RATE_HZ = 48_000


def sine(seconds: float, level_db: float, hz: float = 1000.0) -> np.ndarray:
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def metered(samples: np.ndarray, block: int = 7777) -> LoudnessMeter:
    meter = LoudnessMeter()
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter


def test_a_stereo_tone_at_minus_23_dbfs_measures_minus_23_lufs() -> None:
    """EBU Tech 3341, case 1."""
    assert metered(sine(20, -23)).loudness().integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_quiet_ends_are_gated_out() -> None:
    """EBU Tech 3341, case 3: 10 s at −36, 60 s at −23, 10 s at −36."""
    programme = np.concatenate([sine(10, -36), sine(60, -23), sine(10, -36)])
    assert metered(programme).loudness().integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_loudness_range_follows_the_two_levels() -> None:
    """EBU Tech 3342, case 1: −20 then −30 dBFS is 10 LU."""
    assert metered(np.concatenate([sine(20, -20), sine(20, -30)])).loudness().range_lu == pytest.approx(10.0, abs=1.0)


def test_both_meters_agree_on_changing_sound(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    level = np.repeat(random.uniform(0.01, 0.4, 24), RATE_HZ // 2)
    samples = (random.standard_normal((len(level), 2)) * level[:, None] * 0.5).clip(-1, 1).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, RATE_HZ, subtype="FLOAT")
    own, tool = metered(samples).loudness(), measure(tmp_path / "a.wav")
    assert own.integrated_lufs == pytest.approx(tool.integrated_lufs, abs=0.1)
    assert own.true_peak_dbtp == pytest.approx(tool.true_peak_dbtp, abs=0.4)
    assert own.range_lu == pytest.approx(tool.range_lu, abs=0.5)


def test_silence_has_no_loudness_for_either_meter(tmp_path: Path) -> None:
    silence = np.zeros((RATE_HZ, 2), dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", silence, RATE_HZ)
    assert metered(silence).loudness() == measure(tmp_path / "a.wav") == Loudness(None, None, None)
    assert LoudnessMeter().loudness() == Loudness(None, None, None)
    assert metered(silence).dialogue_lufs([TimeSpan(0, 900)]) is None


def test_a_sound_shorter_than_a_gating_block_is_still_measured() -> None:
    assert metered(sine(0.15, -20)).loudness().integrated_lufs == pytest.approx(-20, abs=0.5)
    assert metered(sine(0.05, -20)).loudness().integrated_lufs is not None


def test_dialogue_is_measured_within_its_spans_only() -> None:
    programme = np.concatenate([sine(2, -10), sine(2, -27), sine(2, -10)])
    meter = metered(programme)
    assert meter.dialogue_lufs([TimeSpan(2000, 4000)]) == pytest.approx(-27, abs=0.3)
    assert meter.dialogue_lufs([]) is None


def test_a_peak_between_the_samples_is_found() -> None:
    """A quarter-rate sine sampled at 45° reads 3 dB under its peak."""
    wave = 0.7 * np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)
    block = wave[:, None].astype(np.float32)
    assert np.abs(block).max() == pytest.approx(0.495, abs=0.001)
    assert true_peak_ratio(block) == pytest.approx(0.7, rel=0.03)
    assert len(oversampled_magnitude(block)) == len(block)


def test_how_the_sound_is_cut_into_blocks_changes_nothing() -> None:
    samples = sine(3, -20, 440)
    coarse, fine = metered(samples, 48_000).loudness(), metered(samples, 4801).loudness()
    assert coarse.integrated_lufs == pytest.approx(fine.integrated_lufs, abs=1e-6)
