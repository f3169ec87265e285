import numpy as np
import pytest
import torch

from models.speech.fbank import KaldiFbank, kaldi_bank


def sweep() -> torch.Tensor:
    at = np.arange(8000)
    return torch.from_numpy((0.3 * np.sin(at * 0.1) + 0.1 * np.sin(at * at * 1e-4) + 0.05).astype(np.float32))


def test_frames_are_those_of_kaldi_itself():
    # recorded from kaldi-native-fbank 1.22.3 with 80 bins, dither 0, snip_edges: frames 0, 20, 47, six of the bands
    recorded = [
        [-3.6209, -9.2713, -15.6788, -15.9424, -15.9424, -15.9424],
        [-8.0637, -9.6469, -14.2048, 1.5663, -15.9424, -15.9424],
        [-6.8361, -9.4878, -15.7271, -15.9424, 5.2760, -15.9424],
    ]
    found = KaldiFbank(is_centred=False)(sweep()[None])[0]
    assert found.shape == (48, 80)
    assert torch.allclose(found[[0, 20, 47]][:, [0, 13, 27, 40, 60, 79]], torch.tensor(recorded), atol=5e-3)


def test_for_the_speaker_net_every_band_has_mean_zero_whatever_the_level():
    fbank, sound = KaldiFbank(), torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    frames = fbank(sound)
    assert torch.allclose(frames.mean(1), torch.zeros(1, 80), atol=1e-4)
    assert torch.allclose(fbank(0.3 * sound), frames, atol=1e-4)


def test_no_frame_reaches_over_the_end_and_less_than_a_window_is_refused():
    fbank = KaldiFbank()
    assert fbank(torch.randn(2, 400)).shape == (2, 1, 80)
    assert fbank(torch.randn(2, 719)).shape == (2, 2, 80)
    with pytest.raises(ValueError, match="shorter than one window"):
        fbank(torch.randn(1, 399))


def test_the_bank_hears_nothing_below_twenty_hertz_nor_at_half_the_rate():
    bank = kaldi_bank()
    assert bank.shape == (257, 80)
    assert float(bank[0].abs().max()) == 0
    assert float(bank[256].abs().max()) == 0
