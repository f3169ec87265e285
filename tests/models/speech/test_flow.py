"""Promises of the flow objective: what it counts, what is left out where text is, and that a shared noise is really shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.recipes.syncvoice_data import Draws, FlowBatch, draw_batch, timed_index, whole_batch
from models.recipes.syncvoice_smoke import made_up
from models.speech.flow import FlowLoss, conditions_of, draw_noise, frame_errors, noised, without
from models.speech.fusion import Stream
from models.speech.speaker import SpeakerConfig
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable
from tests.models.speech.test_zipvoice import TINY

SPOKEN = made_up(0, count=4)
TABLE = TokenTable.of(token for one in SPOKEN for token in one.tokens)


def net() -> SyncVoice:
    torch.manual_seed(0)
    return SyncVoice(SyncVoiceConfig(TINY, len(TABLE), TABLE.pad_id, speaker=SpeakerConfig(dim=16, layers=1, heads=2)))


def drawn(seed: int = 0, draws: Draws | None = None) -> FlowBatch:
    return draw_batch(SPOKEN, TABLE, draws or Draws(), np.random.default_rng(seed))


def test_noise_and_speech_lie_at_the_ends_of_time() -> None:
    target, noise = torch.ones(2, 3, 4), torch.zeros(2, 3, 4)
    start, wanted = noised(target, noise, torch.tensor([0.0, 1.0]))
    assert torch.equal(start[0], noise[0])
    assert torch.equal(start[1], target[1])
    assert torch.equal(wanted, target)


def test_only_frames_to_be_generated_count() -> None:
    voice, batch = net().eval(), drawn()
    noise, time = draw_noise(batch.target, torch.Generator().manual_seed(0))
    with torch.no_grad():
        errors = frame_errors(voice, conditions_of(voice, batch), batch.target, noise, time)
        counted = batch.generated & ~batch.mask
        assert float(FlowLoss(voice)(batch, noise, time)) == pytest.approx(float(errors[counted].mean()), rel=1e-5)


def test_where_text_is_left_out_nothing_fused_onto_it_is_left() -> None:
    voice, batch = net().train(), drawn(draws=Draws(no_text=1.0, no_face=0.0, no_lip=0.0))
    torch.nn.init.normal_(voice.fusion.face.out.weight)
    conditions = conditions_of(voice, batch)
    assert not bool(conditions.text.any())
    assert not any(bool(term.any()) for term in conditions.streams.values())


def test_streams_can_be_taken_out_again() -> None:
    voice, batch = net().train(), drawn()
    assert set(without(conditions_of(voice, batch), Stream.LIP).streams) == {Stream.PAUSE, Stream.FACE}


def test_a_batch_is_its_seeds_alone() -> None:
    first, again, other = drawn(3), drawn(3), drawn(4)
    assert all(torch.equal(getattr(first, name), getattr(again, name)) for name in ("target", "generated", "index", "speech", "face"))
    assert not torch.equal(first.generated, other.generated)


def test_context_and_generated_frames_never_overlap() -> None:
    batch = drawn(draws=Draws(voice_only=0.0, context_only=1.0))
    assert not bool(batch.speech[batch.generated].any())
    assert bool(batch.speech.any())


def test_a_line_without_context_is_generated_whole() -> None:
    batch = drawn(draws=Draws(voice_only=1.0, context_only=0.0))
    assert torch.equal(batch.generated, ~batch.mask)
    assert bool(batch.has_voice.all())


def test_tokens_are_read_at_their_times_and_the_pad_between() -> None:
    index = timed_index(np.array([0.0, 0.1]), np.array([0.05, 0.2]), 24)
    assert index[0] == 0
    assert index[7] == 2  # 0.08 s lies between the two
    assert index[12] == 1
    assert index[-1] == 2


def test_a_crop_moves_picture_and_sound_together() -> None:
    one = replace(SPOKEN[0], face=np.arange(15, dtype=np.float32)[:, None].repeat(24, 1), is_seen=np.ones(15, bool))
    whole = whole_batch([one], TABLE)
    for seed in range(8):
        cut = draw_batch([one], TABLE, Draws(cropped=1.0, no_face=0.0), np.random.default_rng(seed))
        frames = int((~cut.mask[0]).sum())
        first = next(k for k in range(whole.target.shape[1]) if torch.equal(whole.target[0, k : k + frames], cut.target[0, :frames]))
        assert torch.equal(cut.face[0, :frames], whole.face[0, first : first + frames])


def test_measuring_changes_nothing_by_chance() -> None:
    assert torch.equal(whole_batch(SPOKEN, TABLE).target, whole_batch(SPOKEN, TABLE).target)
