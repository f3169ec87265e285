import math

import pytest
import torch

from models.speech.pulse_vocos import PulseVocos, PulseVocosConfig, Steering, bin_hz, hz_of, minimum_phase, pulse_train
from models.speech.spectrum import HOP, RATE_HZ

SMALL = PulseVocosConfig(dim=16, intermediate_dim=32, num_layers=2, pitch_dim=8)


def test_samples_are_one_hop_fewer_than_frames_and_whole_for_a_slot():
    net, mel = PulseVocos(SMALL), torch.randn(2, 100, 11)
    assert net.decode(mel).shape == (2, 2560)
    assert net.sound_of(mel.transpose(1, 2)).shape == (2, 2816)


def test_the_same_seed_draws_the_same_breath():
    net, mel = PulseVocos(SMALL).eval(), torch.randn(1, 100, 9)
    assert torch.equal(net.decode(mel), net.decode(mel))
    assert not torch.equal(net.decode(mel), net.decode(mel, seed=1))


@pytest.mark.parametrize("hz", [61.0, 113.0, 487.3])
def test_pulses_are_the_sum_of_all_harmonics_below_half_the_rate(hz: float):
    found = pulse_train(Steering(torch.full((1, 20), hz), torch.ones(1, 20)))[0]
    angle = torch.cumsum(torch.full((19 * HOP,), hz, dtype=torch.float64) / RATE_HZ, 0) * 2 * math.pi
    room = 0.49 * RATE_HZ / hz
    summed = sum(torch.cos(k * angle) for k in range(1, int(room) + 1)) + (room - int(room)) * torch.cos((int(room) + 1) * angle)
    assert torch.allclose(found.double(), summed * math.sqrt(2 * hz / RATE_HZ), atol=2e-2)
    assert float(found.square().mean()) == pytest.approx(0.49, abs=0.03)


def test_where_nothing_is_voiced_there_are_no_pulses():
    steering = Steering(torch.full((1, 8), 100.0), torch.zeros(1, 8))
    assert float(pulse_train(steering).abs().max()) == 0.0


def test_minimum_phase_is_that_of_a_decaying_echo():
    response = torch.zeros(512, dtype=torch.float64)
    response[0], response[1], response[7] = 1.0, 0.5, 0.2
    spectrum = torch.fft.rfft(response)
    assert torch.allclose(minimum_phase(spectrum.abs().log()[None, :, None])[0, :, 0], spectrum.angle(), atol=1e-6)


def test_pitch_lies_between_bins_when_the_logits_do():
    middle = torch.sqrt(bin_hz()[40] * bin_hz()[41])
    logits = torch.full((1, 1, 160), -10.0)
    logits[0, 0, 40] = logits[0, 0, 41] = 5.0
    assert float(hz_of(logits)) == pytest.approx(float(middle), rel=1e-4)


def test_every_weight_that_shapes_the_sound_has_a_gradient():
    net = PulseVocos(SMALL)
    rendered = net(torch.randn(1, 100, 9), Steering(torch.full((1, 9), 120.0), torch.ones(1, 9)), torch.randn(1, 8 * HOP))
    (rendered.samples.square().mean() + rendered.pitch.square().mean() + rendered.voicing.square().mean()).backward()
    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in net.parameters())
