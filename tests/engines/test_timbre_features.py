"""The numbers that describe a voice."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engines.timbre_features import CEPSTRA, RATE_HZ, SIZE, VoiceDescriber

TIME_S = np.arange(RATE_HZ) / RATE_HZ


def sung(pitch_hz: float, slope: float = 1.0) -> np.ndarray:
    """A second of a tone with overtones that fall off with `slope`."""
    return 0.1 * sum(np.sin(2 * np.pi * pitch_hz * n * TIME_S) / n**slope for n in range(1, 12)).astype(np.float32)


@pytest.mark.parametrize("pitch_hz", [90, 150, 220, 300])
def test_the_pitch_of_a_tone_with_overtones_is_heard(pitch_hz: float) -> None:
    assert 100 * np.exp(VoiceDescriber().describe(sung(pitch_hz))[-3]) == pytest.approx(pitch_hz, rel=0.03)


def test_brightness_moves_the_cepstrum_and_loudness_does_not() -> None:
    dark, bright, quiet = (VoiceDescriber().describe(sound)[:CEPSTRA] for sound in (sung(150, 2.0), sung(150, 0.5), 0.2 * sung(150, 2.0)))
    assert np.abs(dark - bright).max() > 5 * np.abs(dark - quiet).max()


@pytest.mark.parametrize("length", [0, 1, 399, 400, 5000])
def test_short_and_silent_sound_has_a_finite_description(length: int) -> None:
    described = VoiceDescriber().describe(np.zeros(length, np.float32))
    assert described.shape == (SIZE,) and np.isfinite(described).all()


def test_pauses_do_not_count() -> None:
    speech = sung(150)
    with_pause = np.concatenate((speech, np.zeros(2 * RATE_HZ, np.float32)))
    describer = VoiceDescriber()
    assert np.abs(describer.describe(speech)[:CEPSTRA] - describer.describe(with_pause)[:CEPSTRA]).max() < 0.3
