"""The MFCC in torch against a plain re-derivation with numpy and scipy, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dct

from models.parts.mfcc import Mfcc, frame_count


def plain_mfcc(samples: np.ndarray) -> np.ndarray:
    """papers §2.7, one step after the other, nothing vectorised that need not be."""
    lifted = np.append(samples[0], samples[1:] - 0.97 * samples[:-1])
    frames = 1 if len(samples) <= 400 else 1 + int(np.ceil((len(samples) - 400) / 160))
    lifted = np.concatenate([lifted, np.zeros((frames - 1) * 160 + 400 - len(samples))])
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    corners = np.floor(513 * (700 * (10 ** (mel / 2595) - 1)) / 16000)
    rows = []
    for frame in range(frames):
        power = np.abs(np.fft.rfft(lifted[frame * 160 : frame * 160 + 400], 512)) ** 2 / 512
        bands = []
        for left, middle, right in zip(corners, corners[1:], corners[2:], strict=False):
            rising = sum(power[int(at)] * (at - left) / (middle - left) for at in np.arange(left, middle))
            bands.append(rising + sum(power[int(at)] * (right - at) / (right - middle) for at in np.arange(middle, right)))
        energy, bands = power.sum(), np.array(bands)
        bands[bands == 0] = np.finfo(float).eps
        cepstra = dct(np.log(bands), norm="ortho")[:13] * (1 + 11 * np.sin(np.pi * np.arange(13) / 22))
        cepstra[0] = np.log(energy if energy != 0 else np.finfo(float).eps)
        rows.append(cepstra)
    return np.stack(rows)


@pytest.mark.parametrize("n_samples", [1, 399, 400, 401, 560, 561, 4077])
def test_noise_gives_the_same_coefficients_as_a_plain_re_derivation(n_samples: int) -> None:
    samples = np.random.RandomState(n_samples).randint(-32768, 32768, n_samples).astype(np.float64)
    found = Mfcc()(torch.from_numpy(samples)[None])[0].numpy()
    np.testing.assert_allclose(found, plain_mfcc(samples), rtol=0, atol=1e-9)


def test_silence_is_finite_and_the_same_too() -> None:
    samples = np.zeros(1600)
    found = Mfcc()(torch.from_numpy(samples)[None])[0].numpy()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, plain_mfcc(samples), rtol=0, atol=1e-9)


def test_two_seconds_and_77_samples_give_199_frames() -> None:
    assert frame_count(32_077) == 199
    assert Mfcc()(torch.zeros(2, 32_077) + 1).shape == (2, 199, 13)


def test_float32_is_near_float64() -> None:
    samples = torch.from_numpy(np.random.RandomState(5).randint(-3000, 3000, 6400).astype(np.float64))[None]
    exact, single = Mfcc()(samples), Mfcc()(samples.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=0, atol=1e-3)


def test_the_gradient_is_that_of_small_differences() -> None:
    samples = torch.from_numpy(np.random.RandomState(1).randint(-3000, 3000, 600).astype(np.float64))[None].requires_grad_()
    weights = torch.from_numpy(np.random.RandomState(2).standard_normal(13))
    assert torch.autograd.gradcheck(lambda x: (Mfcc()(x) @ weights).sum(), samples, eps=1e-2, atol=1e-6)


def test_an_empty_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        Mfcc()(torch.zeros(1, 0))
