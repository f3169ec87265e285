import torch

from models.speech.spectrum import VocoderMel
from models.speech.vocos import LOUDEST, Vocos, VocosConfig

SMALL = VocosConfig(dim=16, intermediate_dim=32, num_layers=2)


def test_the_default_net_has_the_81_tensors_of_the_public_one():
    state = Vocos().state_dict()
    assert len(state) == 81
    assert state["head.out.weight"].shape == (1026, 512)
    assert sum(value.numel() for key, value in state.items() if not key.endswith("window")) == 13_531_650


def test_samples_are_one_hop_fewer_than_frames_as_published_and_whole_for_a_slot():
    net, mel = Vocos(SMALL), torch.randn(2, 100, 11)
    assert net.decode(mel).shape == (2, 2560)
    assert net.sound_of(mel.transpose(1, 2)).shape == (2, 2816)


def test_an_absurd_spectrum_is_cut_at_the_loudest_magnitude():
    net = Vocos(SMALL)
    assert float(net.decode(1e6 * torch.ones(1, 100, 9)).abs().max()) <= 2 * LOUDEST


def test_the_mel_distance_of_its_own_sound_has_a_gradient_for_every_weight():
    net = Vocos(SMALL)
    mel = VocoderMel()
    wanted = mel(torch.randn(1, 8192, generator=torch.Generator().manual_seed(0)))
    (mel(net.sound_of(wanted)) - wanted).abs().mean().backward()
    assert all(torch.isfinite(weight.grad).all() and float(weight.grad.abs().sum()) > 0 for weight in net.parameters())
