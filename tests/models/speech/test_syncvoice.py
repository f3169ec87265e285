"""Promises of the voice that sees: untrained or unscaled it is the pretrained voice, bit for bit; trained, every stream matters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.speech.fusion import Stream
from models.speech.guidance import GuidanceForm, Scales
from models.speech.solver import LATE, solve
from models.speech.speaker import SpeakerConfig
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice, SyncVoiceConfig, refitted
from tests.models.speech.test_zipvoice import TINY

FRAMES = 21
CONFIG = SyncVoiceConfig(TINY, 20, face_dim=6, lip_dim=8, bottleneck=8, speaker=SpeakerConfig(frozen_dim=5, dim=8, layers=1, heads=2))


def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def net(*, is_taught: bool, is_distilled: bool = False) -> SyncVoice:
    torch.manual_seed(0)
    made = SyncVoice(replace(CONFIG, is_distilled=is_distilled)).eval()
    if is_taught:
        for number, parameter in enumerate(made.fusion.parameters()):
            torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(number))
    return made


def conditions(voice: SyncVoice) -> Conditions:
    known = torch.ones(2, FRAMES, dtype=torch.bool)
    streams = voice.stream_terms({Stream.FACE: (tensor(2, FRAMES, 6), known), Stream.LIP: (tensor(2, FRAMES, 8), known)})
    return Conditions(tensor(2, FRAMES, 100, seed=1), tensor(2, FRAMES, 100, seed=2), None, tensor(2, 32, seed=3), streams)


@torch.inference_mode()
def said(voice: SyncVoice, under: Conditions, scales: Scales) -> torch.Tensor:
    return solve(GuidedField(voice, under, scales), tensor(2, FRAMES, 100, seed=4), 4)


@torch.inference_mode()
def plain_rule(voice: SyncVoice, under: Conditions, scale: float) -> torch.Tensor:
    """ZipVoice's guidance written out (papers §4.7)."""

    def field(time: float, x: torch.Tensor) -> torch.Tensor:
        times, nothing = torch.full((2,), time), torch.zeros_like(under.text)
        is_late = time > LATE
        guided = voice.backbone.velocity(times, x, under.text, under.speech, added_time=under.voice)
        free = voice.backbone.velocity(times, x, nothing, nothing if is_late else under.speech, added_time=under.voice)
        g = scale if is_late else 2 * scale
        return (1 + g) * guided - g * free

    return solve(field, tensor(2, FRAMES, 100, seed=4), 4)


@pytest.mark.parametrize("form", list(GuidanceForm))
def test_with_both_scales_at_zero_a_taught_voice_is_the_backbone_alone_bit_for_bit(form: GuidanceForm) -> None:
    voice = net(is_taught=True)
    under = conditions(voice)
    assert torch.equal(said(voice, under, Scales(1.0, form=form)), said(voice, replace(under, streams={}), Scales(1.0)))


@pytest.mark.parametrize("form", list(GuidanceForm))
def test_before_training_any_scales_give_the_backbone_alone_bit_for_bit(form: GuidanceForm) -> None:
    voice = net(is_taught=False)
    under = conditions(voice)
    assert under.streams == {}
    assert torch.equal(said(voice, under, Scales(1.0, face=2.0, lip=3.0, form=form)), said(voice, replace(under, streams={}), Scales(1.0)))


def test_without_streams_it_is_zipvoices_own_guidance() -> None:
    voice = net(is_taught=True)
    under = replace(conditions(voice), streams={})
    torch.testing.assert_close(said(voice, under, Scales(1.3)), plain_rule(voice, under, 1.3), atol=1e-4, rtol=1e-4)


def test_full_scales_without_text_guidance_are_the_net_under_all_conditions() -> None:
    voice = net(is_taught=True)
    under = conditions(voice)
    with torch.inference_mode():
        field = GuidedField(voice, under, Scales(0.0, face=1.0, lip=1.0))
        x = tensor(2, FRAMES, 100, seed=5)
        torch.testing.assert_close(field(0.4, x), voice.velocity(torch.full((2,), 0.4), x, under), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stream", [Stream.FACE, Stream.LIP])
def test_every_stream_of_a_taught_voice_changes_what_is_said(stream: Stream) -> None:
    voice = net(is_taught=True)
    under = conditions(voice)
    scales = Scales(1.0, **{stream.value: 1.0})
    assert not torch.allclose(said(voice, under, scales), said(voice, under, Scales(1.0)), atol=1e-3)


def test_where_the_face_is_not_seen_it_adds_nothing() -> None:
    voice = net(is_taught=True)
    known = torch.arange(FRAMES)[None].expand(2, -1) < 10
    term = voice.stream_terms({Stream.FACE: (tensor(2, FRAMES, 6), known)})[Stream.FACE]
    assert bool(term[:, :10].any())
    assert not bool(term[:, 10:].any())


def test_a_new_speaker_encoder_adds_nothing() -> None:
    voice = net(is_taught=False)
    assert not bool(voice.speaker(tensor(2, 5), tensor(2, 40, 100)).any())


def test_padding_of_a_reference_is_not_heard() -> None:
    encoder = net(is_taught=False).speaker.learned
    torch.nn.init.normal_(encoder.out.weight, generator=torch.Generator().manual_seed(0))
    reference = tensor(1, 40, 100)
    padded = torch.cat([reference, torch.zeros(1, 20, 100)], dim=1)
    mask = torch.arange(60)[None] >= 40
    torch.testing.assert_close(encoder(padded, mask), encoder(reference, torch.zeros(1, 40, dtype=torch.bool)), atol=1e-5, rtol=1e-5)


def test_the_gradient_reaches_the_adapters_from_the_first_step() -> None:
    voice = net(is_taught=False).train()
    under = conditions(voice)
    voice.velocity(torch.full((2,), 0.4), tensor(2, FRAMES, 100), under).square().mean().backward()
    assert all(float(adapter.out.weight.grad.abs().sum()) > 0 for adapter in (voice.fusion.face, voice.fusion.lip))


def test_a_distilled_voice_takes_its_scale_as_an_input() -> None:
    voice = net(is_taught=False, is_distilled=True)
    under = conditions(voice)
    assert not torch.allclose(said(voice, under, Scales(1.0)), said(voice, under, Scales(3.0)))


def test_sizes_survive_their_file() -> None:
    assert SyncVoiceConfig.from_json(CONFIG.as_json()) == CONFIG


def test_sizes_without_a_backbone_are_refused() -> None:
    with pytest.raises(ValueError, match="backbone"):
        SyncVoiceConfig.from_json({"vocab_size": 3})


def test_a_voice_refitted_to_other_features_keeps_all_but_what_reads_them() -> None:
    voice = net(is_taught=True)
    wider = refitted(voice, face_dim=voice.config.face_dim, lip_dim=9, frozen_dim=voice.config.speaker.frozen_dim)
    assert wider.config.lip_dim == 9
    assert not wider.fusion.lip.out.weight.any()
    old, new = voice.state_dict(), wider.state_dict()
    assert {name for name in old if not torch.equal(old[name], new[name]) if old[name].shape == new[name].shape} <= {n for n in old if n.startswith("fusion.lip.")}


def test_features_of_the_same_width_leave_the_voice_as_it_is() -> None:
    voice = net(is_taught=True)
    config = voice.config
    assert refitted(voice, face_dim=config.face_dim, lip_dim=config.lip_dim, frozen_dim=config.speaker.frozen_dim) is voice
