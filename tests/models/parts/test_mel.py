import numpy as np
import torch

from models.parts.mel import LogMel, MelConfig, mel_bank


def tone(hz: float, seconds: float = 1.0) -> torch.Tensor:
    return torch.sin(2 * torch.pi * hz * torch.arange(int(16_000 * seconds)) / 16_000)


def test_a_tone_is_loudest_in_the_band_around_its_pitch():
    config = MelConfig()
    bank, mel = mel_bank(config), LogMel(config)(tone(1000.0)[None])[0]
    centre_hz = float((bank * torch.linspace(0, 8000, config.fft // 2 + 1)).argmax(1)[int(mel[50].argmax())]) * 16_000 / config.fft
    assert abs(centre_hz - 1000.0) < 120.0


def test_frames_are_ten_milliseconds_apart_and_one_more_than_fits():
    assert LogMel(MelConfig())(torch.zeros(2, 16_000)).shape == (2, 101, 40)


def test_silence_rests_on_the_floor():
    mel = LogMel(MelConfig(floor=1e-5))(torch.zeros(1, 1600))
    assert torch.allclose(mel, torch.full_like(mel, float(np.log(1e-5))))


def test_the_spectrum_passes_gradients_back_to_the_waveform():
    samples = tone(300.0, 0.1).double().requires_grad_()
    net = LogMel(MelConfig(bands=6)).double()
    assert torch.autograd.gradcheck(lambda wave: net(wave[None])[0, 3:6], (samples[:400].detach().requires_grad_(),), eps=1e-6, atol=1e-4)
