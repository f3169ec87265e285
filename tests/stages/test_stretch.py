from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.line import VoiceRef
from studio.engines.espeak_pool import EspeakPool
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.stages.stretch import stretch, stretch_along, stretched_length
from studio.stages.time_map import Piece, RateLimits, TimeMap

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


def piece(take: tuple[int, int], out: tuple[int, int], *, is_speech: bool = True) -> Piece:
    return Piece(*take, *out, is_speech)


def mapped(*pieces: Piece) -> TimeMap:
    return TimeMap(pieces, RATE_HZ, RateLimits(0.5, 2.0))


def test_a_map_that_changes_nothing_keeps_every_bit(speech: tuple[np.ndarray, int]) -> None:
    samples, _ = speech
    out = stretch_along(samples, mapped(piece((0, len(samples)), (0, len(samples)))))
    assert out.tobytes() == samples.tobytes() and not np.shares_memory(out, samples)


@pytest.mark.parametrize("ratio", [0.75, 1.25, 1.5])
def test_a_map_of_one_rate_is_the_plain_stretch(speech: tuple[np.ndarray, int], ratio: float) -> None:
    count = round(20_000 * ratio)
    source, last_frame = speech[0][:count], RATE_HZ * 45 // 1000
    plain, along = stretch(source, RATE_HZ, ratio), stretch_along(source, mapped(piece((0, count), (0, 20_000))))
    assert len(along) == len(plain) == 20_000
    assert np.array_equal(along[:-last_frame], plain[:-last_frame])


def test_the_pitch_is_kept_while_the_rate_changes() -> None:
    source = buzz(130.0)
    third = len(source) // 3
    ends = [0, third, 2 * third, len(source)]
    lengths = [round(third / 0.8), round(third / 1.3), round((ends[3] - ends[2]) / 1.0)]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(int).tolist()
    out = stretch_along(source, mapped(*(piece((ends[k], ends[k + 1]), (starts[k], starts[k + 1])) for k in range(3))))
    assert len(out) == starts[-1]
    for k in range(3):
        assert pitch_hz(out[starts[k] : starts[k + 1]]) == pytest.approx(130.0, rel=0.01)


def test_each_part_is_heard_at_its_own_time() -> None:
    low, high = buzz(100.0, 1.0), buzz(210.0, 1.0)
    source, one = np.concatenate([low, high]), RATE_HZ
    out = stretch_along(source, mapped(piece((0, one), (0, round(one / 0.7))), piece((one, 2 * one), (round(one / 0.7), round(one / 0.7) + round(one / 1.3)))))
    border = round(one / 0.7)
    assert pitch_hz(out[:border]) == pytest.approx(100.0, rel=0.01) and pitch_hz(out[border:]) == pytest.approx(210.0, rel=0.01)


def test_a_pause_grows_by_silence_and_shrinks_from_its_middle_and_the_speech_around_it_is_untouched() -> None:
    tone, quiet = buzz(140.0, 0.5), np.full(RATE_HZ // 5, 1e-4, np.float32)
    source, a, b = np.concatenate([tone, quiet, tone]), len(tone), len(tone) + len(quiet)
    for pause in (3 * len(quiet), len(quiet) // 2, 0):
        out = stretch_along(source, mapped(piece((0, a), (0, a)), piece((a, b), (a, a + pause), is_speech=False), piece((b, len(source)), (a + pause, a + pause + len(tone)))))
        fade = RATE_HZ // 200
        assert len(out) == 2 * a + pause
        assert np.array_equal(out[: a - fade], tone[:-fade]) and np.array_equal(out[a + pause + fade :], tone[fade:])
        if pause > len(quiet):
            assert not out[a + len(quiet) // 2 + 1 : a + pause - len(quiet) // 2 - 1].any()


def test_silence_put_between_words_makes_no_click(speech: tuple[np.ndarray, int]) -> None:
    samples, _ = speech
    middle = int(np.argmax(np.abs(samples)))
    out = stretch_along(samples, mapped(piece((0, middle), (0, middle)), piece((middle, middle), (middle, middle + 5000), is_speech=False), piece((middle, len(samples)), (middle + 5000, len(samples) + 5000))))
    assert np.abs(np.diff(out)).max() < 1.2 * np.abs(np.diff(samples)).max()
    assert not out[middle : middle + 5000].any()


def test_silence_before_the_first_word_is_silence() -> None:
    tone = buzz(140.0, 0.3)
    out = stretch_along(tone, mapped(piece((0, 0), (0, 700), is_speech=False), piece((0, len(tone)), (700, 700 + len(tone)))))
    assert not out[:700].any() and np.array_equal(out[700:], tone)


def test_a_map_of_another_take_is_refused() -> None:
    with pytest.raises(ValueError, match="the map is of 100 samples"):
        stretch_along(np.zeros(99, np.float32), mapped(piece((0, 100), (0, 100))))
