"""Promises of the fast form: the numbers of the plain net, in float32 to rounding and in bfloat16 within a hundredth, for every kind of call."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.parity_nets import filled_by_rule
from models.speech.fast import FastDecoder, FastField
from models.speech.fusion import Stream
from models.speech.guidance import GuidanceForm, Scales
from models.speech.solver import solve
from models.speech.speaker import SpeakerConfig
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice, SyncVoiceConfig
from models.speech.zipformer import padding_mask
from tests.models.speech.test_zipvoice import TINY

CONFIG = SyncVoiceConfig(TINY, 20, face_dim=6, lip_dim=8, bottleneck=8, speaker=SpeakerConfig(frozen_dim=5, dim=8, layers=1, heads=2))
SCALES = Scales(1.0, face=1.5, lip=0.5)


def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def voice(*, is_distilled: bool = False) -> SyncVoice:
    """Every weight drawn: no zero, no scale and no bias that a mistake could hide behind."""
    made = SyncVoice(replace(CONFIG, is_distilled=is_distilled)).eval()
    made.load_state_dict(filled_by_rule(made.state_dict()))
    return made


def conditions(net: SyncVoice, frames: int, lengths: tuple[int, ...] | None = None) -> Conditions:
    known = torch.ones(2, frames, dtype=torch.bool)
    with torch.inference_mode():
        streams = net.stream_terms({Stream.FACE: (tensor(2, frames, 6), known), Stream.LIP: (tensor(2, frames, 8), known)})
    mask = None if lengths is None else padding_mask(lengths, frames)
    return Conditions(tensor(2, frames, 100, seed=1), tensor(2, frames, 100, seed=2), mask, tensor(2, 32, seed=3), streams)


def error(net: SyncVoice, under: Conditions, scales: Scales, decoder: FastDecoder, time: float = 0.3) -> float:
    """Largest difference of one guided velocity, over the plain one's deviation."""
    x = tensor(*under.text.shape, seed=4)
    with torch.inference_mode():
        expected = GuidedField(net, under, scales)(time, x)
    found = FastField(net, under, scales, decoder)(time, x)
    return float((found - expected).abs().max() / expected.std())


@pytest.mark.parametrize("form", list(GuidanceForm))
@pytest.mark.parametrize("time", [0.3, 0.7])
def test_every_form_of_guidance_gives_the_same_velocity(form: GuidanceForm, time: float) -> None:
    net = voice()
    assert error(net, conditions(net, 21), replace(SCALES, form=form), FastDecoder(net.backbone.fm_decoder), time) < 1e-5


@pytest.mark.parametrize("frames", [1, 3, 128, 129, 301])
def test_any_number_of_frames_gives_the_same_velocity_however_many_blocks_it_takes(frames: int) -> None:
    net = voice()
    assert error(net, conditions(net, frames), SCALES, FastDecoder(net.backbone.fm_decoder)) < 1e-5


@pytest.mark.parametrize("lengths", [(21, 21), (21, 9), (140, 131)])
def test_padding_is_kept_out_in_the_same_way(lengths: tuple[int, int]) -> None:
    net = voice()
    assert error(net, conditions(net, max(lengths), lengths), SCALES, FastDecoder(net.backbone.fm_decoder)) < 1e-5


def test_a_distilled_net_keeps_its_guidance_input() -> None:
    net = voice(is_distilled=True)
    decoder, under = FastDecoder(net.backbone.fm_decoder), conditions(net, 21)
    assert error(net, under, SCALES, decoder) < 1e-5
    x = tensor(2, 21, 100)
    assert not torch.allclose(FastField(net, under, Scales(1.0), decoder)(0.5, x), FastField(net, under, Scales(3.0), decoder)(0.5, x))


def test_a_whole_solution_is_that_of_the_plain_net() -> None:
    net = voice()
    under, noise, decoder = conditions(net, 33, (33, 20)), tensor(2, 33, 100, seed=5), FastDecoder(net.backbone.fm_decoder)
    with torch.inference_mode():
        expected = solve(GuidedField(net, under, SCALES), noise, 4)
        found = solve(FastField(net, under, SCALES, decoder), noise, 4)
    assert (found - expected).abs().max() < 1e-4 * expected.std()


def test_bfloat16_stays_within_a_hundredth_of_the_deviation() -> None:
    net = voice()
    assert 0 < error(net, conditions(net, 150, (150, 140)), Scales(0.0), FastDecoder(net.backbone.fm_decoder, torch.bfloat16)) < 1e-2


def test_an_autocast_around_it_changes_nothing() -> None:
    net = voice()
    decoder = FastDecoder(net.backbone.fm_decoder)
    hidden, time = tensor(2, 21, net.backbone.config.fm_decoder_dim), tensor(2, net.backbone.config.time_embed_dim)
    expected = decoder.stacks(hidden, time)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(decoder.stacks(hidden, time), expected)


def test_conditions_made_under_an_autocast_are_taken_and_the_first_layer_is_not_coarsened() -> None:
    net = voice()
    decoder, under, x = FastDecoder(net.backbone.fm_decoder), conditions(net, 21), tensor(2, 21, 100)
    coarse = replace(under, text=under.text.bfloat16(), speech=under.speech.bfloat16(), voice=under.voice.bfloat16())
    expected = FastField(net, replace(coarse, text=coarse.text.float()), SCALES, decoder)(0.3, x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(FastField(net, coarse, SCALES, decoder)(0.3, x), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_onednn_the_plain_operations_give_the_same(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype) -> None:
    net = voice()
    under = conditions(net, 40)
    monkeypatch.setattr("models.speech.fast_linear.can_pack", lambda dtype: False)
    assert error(net, under, Scales(0.0), FastDecoder(net.backbone.fm_decoder, dtype)) < (1e-5 if dtype == torch.float32 else 1e-2)


def test_what_it_is_given_is_left_as_it_was() -> None:
    net = voice()
    under, x = conditions(net, 21, (21, 15)), tensor(2, 21, 100)
    before = [one.clone() for one in (x, under.text, under.speech, under.streams[Stream.LIP])]
    field = FastField(net, under, SCALES, FastDecoder(net.backbone.fm_decoder))
    assert torch.equal(field(0.2, x), field(0.2, x))
    assert all(torch.equal(*pair) for pair in zip(before, (x, under.text, under.speech, under.streams[Stream.LIP]), strict=True))


def test_a_net_it_cannot_stand_in_for_is_refused_in_a_sentence() -> None:
    net = voice()
    with pytest.raises(ValueError, match="flow decoder in float32"):
        FastDecoder(net.backbone.text_encoder)
    with pytest.raises(ValueError, match="float32 or bfloat16"):
        FastDecoder(net.backbone.fm_decoder, torch.float16)
    with pytest.raises(ValueError, match="another voice"):
        FastField(net, conditions(net, 5), SCALES, FastDecoder(voice().backbone.fm_decoder))


def test_with_many_threads_torch_does_the_swooshes_and_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    net = voice()
    monkeypatch.setattr("models.speech.fast_swoosh.WORTH_THREADS", 0)
    monkeypatch.setattr("models.speech.fast_swoosh.swoosh_in_place", None)
    assert error(net, conditions(net, 21), SCALES, FastDecoder(net.backbone.fm_decoder)) < 1e-5
