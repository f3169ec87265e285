from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.line import VoiceRef
from studio.engines.espeak_pool import EspeakPool
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.stages.stretch import stretch, stretched_length

RATE_HZ = 22_050
RATIOS = (0.7, 0.85, 0.95, 1.1, 1.25, 1.5)


def buzz(pitch_hz: float, seconds: float = 2.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Ten harmonics falling by 1/k: a steady vowel of sorts."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return sum(0.2 / k * np.sin(2 * np.pi * k * pitch_hz * time_s + k) for k in range(1, 11)).astype(np.float32)


def pitch_hz(samples: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    """Pitch of a steady sound from its spectrum: harmonic sum, finely interpolated."""
    middle = samples[len(samples) // 6 : -len(samples) // 6]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    step_hz = rate_hz / (8 * len(middle))
    grid = np.arange(60.0, 400.0, 0.1)
    return float(grid[np.argmax(sum(spectrum[np.round(k * grid / step_hz).astype(int)] / k for k in range(1, 6)))])


@pytest.fixture(scope="module")
def speech() -> tuple[np.ndarray, int]:
    pool = EspeakPool(size=1)
    spoken = (
        EspeakSpeaker(pool)
        .speak("The quick brown fox jumps over the lazy dog, twice a day.", "en", VoiceRef("espeak-ng", "gmw/en-US"))
        .audio
    )
    pool.close()
    return spoken.samples, spoken.rate_hz


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("pitch", [80.0, 130.0, 260.0])
def test_the_pitch_stays_within_one_percent(pitch: float, ratio: float) -> None:
    assert pitch_hz(stretch(buzz(pitch), RATE_HZ, ratio)) == pytest.approx(pitch, rel=0.01)


def test_plain_resampling_would_not_pass_the_pitch_test() -> None:
    source = buzz(130.0)
    resampled = np.interp(np.arange(int(len(source) / 1.25)) * 1.25, np.arange(len(source)), source)
    assert pitch_hz(resampled) == pytest.approx(1.25 * 130.0, rel=0.01)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30_000), st.floats(0.5, 2.0), st.sampled_from([8000, 16_000, 22_050, 44_100]))
def test_the_length_is_exact_and_the_samples_are_finite_float32(count: int, ratio: float, rate_hz: int) -> None:
    samples = np.random.default_rng(count).uniform(-0.5, 0.5, count).astype(np.float32)
    out = stretch(samples, rate_hz, ratio)
    assert len(out) == stretched_length(count, ratio) == round(count / ratio)
    assert out.dtype == np.float32 and np.isfinite(out).all()


def test_at_ratio_one_every_bit_is_kept_and_the_source_is_not_shared(speech: tuple[np.ndarray, int]) -> None:
    samples, rate_hz = speech
    out = stretch(samples, rate_hz, 1.0)
    assert out.tobytes() == samples.tobytes() and not np.shares_memory(out, samples)


@pytest.mark.parametrize("ratio", [0.0, 0.49, 2.01, -1.0, float("nan")])
def test_a_factor_outside_the_limits_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 2\.0"):
        stretch(np.zeros(100, np.float32), RATE_HZ, ratio)


@pytest.mark.parametrize("ratio", RATIOS)
def test_there_are_no_clicks_and_no_new_peaks(speech: tuple[np.ndarray, int], ratio: float) -> None:
    samples, rate_hz = speech
    out = stretch(samples, rate_hz, ratio)
    assert np.abs(np.diff(out)).max() < 1.5 * np.abs(np.diff(samples)).max()
    assert np.abs(out).max() < 1.25 * np.abs(samples).max()


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_loudness_contour_follows_in_its_new_time(speech: tuple[np.ndarray, int], ratio: float) -> None:
    def contour(samples: np.ndarray) -> np.ndarray:
        edges = np.linspace(0, len(samples), 81).astype(int)
        return np.array([np.sqrt(np.mean(samples[a:b].astype(float) ** 2)) for a, b in zip(edges, edges[1:], strict=False)])

    samples, rate_hz = speech
    before, after = contour(samples), contour(stretch(samples, rate_hz, ratio))
    assert np.corrcoef(before, after)[0, 1] > 0.95
    assert after.mean() == pytest.approx(before.mean(), rel=0.08)


def log_spectra(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Log power in 24 bands, 10 ms apart, not below 50 dB under the loudest. Shape (n_frames, 24)."""
    frame, hop = int(0.032 * rate_hz), int(0.010 * rate_hz)
    starts = range(0, len(samples) - frame, hop)
    power = np.array([np.abs(np.fft.rfft(samples[s : s + frame] * np.hanning(frame))) ** 2 for s in starts])
    bands = np.stack([part.sum(axis=1) for part in np.array_split(power[:, : frame // 3], 24, axis=1)], axis=1)
    return 10 * np.log10(np.maximum(bands, bands.max() * 1e-5))


def test_there_and_back_again_is_nearer_than_leaving_out_and_doubling_pieces(speech: tuple[np.ndarray, int]) -> None:
    samples, rate_hz = speech
    back = stretch(stretch(samples, rate_hz, 1.25), rate_hz, len(stretch(samples, rate_hz, 1.25)) / len(samples))
    assert len(back) == len(samples)
    hop = int(0.03 * rate_hz)
    places = (np.arange(len(samples)) // hop * hop * 1.0 + np.arange(len(samples)) % hop * 0.8).astype(int)
    crude = samples[np.minimum(places, len(samples) - 1)]
    reference = log_spectra(samples, rate_hz)
    distance = np.abs(log_spectra(back, rate_hz) - reference).mean()
    assert distance < 4.0 and distance < 0.7 * np.abs(log_spectra(crude, rate_hz) - reference).mean()


def test_a_minute_of_speech_is_stretched_in_well_under_a_second(speech: tuple[np.ndarray, int]) -> None:
    samples, rate_hz = speech
    minute = np.tile(samples, 1 + 60 * rate_hz // len(samples))[: 60 * rate_hz]
    started = time.process_time()
    stretch(minute, rate_hz, 1.2)
    assert time.process_time() - started < 0.9
