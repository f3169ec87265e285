"""Features are 50 a second, relative to their utterance, and hear the pitch that is there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.units.features import HOP, FeatureConfig, SpeechFeatures, track_pitch
from tests.tiny_units import speech_like

RATE_HZ = 16_000


def test_a_second_is_fifty_frames_of_the_dimensions_promised() -> None:
    features = SpeechFeatures(FeatureConfig(context_frames=2))
    rows = features(torch.from_numpy(speech_like(1.0)))
    assert rows.shape == (50, features.dims) == (50, 75)
    assert bool(torch.isfinite(rows).all())


def test_speech_is_the_same_however_loud_it_is() -> None:
    features, samples = SpeechFeatures(), torch.from_numpy(speech_like(1.0))
    assert torch.allclose(features(samples), features(samples * 0.4), atol=2e-2)


def test_every_frame_is_seen_beside_its_neighbours() -> None:
    config = FeatureConfig(context_frames=1)
    rows = SpeechFeatures(config)(torch.from_numpy(speech_like(0.5)))
    size = config.frame_dims
    assert torch.equal(rows[4, :size], rows[3, size : 2 * size])
    assert torch.equal(rows[4, 2 * size :], rows[5, size : 2 * size])
    assert torch.equal(rows[0, :size], rows[0, size : 2 * size])


@pytest.mark.parametrize("hz", [80.0, 123.0, 210.0, 330.0])
def test_the_pitch_of_a_steady_voice_is_found_within_a_hundredth(hz: float) -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    voice = sum(np.cos(2 * np.pi * hz * k * time_s) / k for k in range(1, 12)) * 0.1
    pitch = track_pitch(torch.from_numpy(voice.astype(np.float32)))
    assert bool(pitch.is_voiced[3:-3].all())
    assert float((pitch.hz[3:-3] / hz - 1).abs().max()) < 0.01


def test_noise_has_no_pitch_and_silence_is_finite() -> None:
    noise = torch.randn(RATE_HZ, generator=torch.Generator().manual_seed(0))
    assert float(track_pitch(noise).is_voiced.float().mean()) < 0.05
    assert bool(torch.isfinite(SpeechFeatures()(torch.zeros(RATE_HZ))).all())


def test_speech_shorter_than_a_unit_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="give more speech"):
        SpeechFeatures()(torch.zeros(HOP - 1))
