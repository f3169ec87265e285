import pytest
import torch

from models.speech.griffin_lim import GriffinLim, griffin_lim
from models.speech.spectrum import RATE_HZ, VocoderMel


def test_a_tone_comes_back_at_its_pitch_and_a_slot_is_filled_to_its_end():
    tone = 0.3 * torch.sin(2 * torch.pi * 440 * torch.arange(12_800) / RATE_HZ)
    mel = VocoderMel()(tone[None])
    sound = griffin_lim(mel)[0]
    assert sound.shape == (12_800,)
    middle = torch.fft.rfft(sound[2048:10_240] * torch.hann_window(8192)).abs()
    assert float(middle.argmax()) * RATE_HZ / 8192 == pytest.approx(440, abs=15)


def test_going_back_and_forth_brings_the_spectrum_nearer():
    torch.manual_seed(0)
    mel = VocoderMel()(0.1 * torch.randn(1, 8192).cumsum(1).sin())
    apart = [float((VocoderMel()(griffin_lim(mel, iterations=count)) - mel).abs().mean()) for count in (0, 16)]
    assert apart[1] < 0.9 * apart[0]


def test_two_frames_are_too_few_to_go_back_and_forth_and_still_sound():
    assert GriffinLim().decode(torch.zeros(1, 100, 2)).shape == (1, 256)
