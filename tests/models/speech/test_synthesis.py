"""Promises of speaking: exact lengths, takes that owe nothing to their neighbours, and sentences where it cannot be done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.checkpoint import BadWeights, write_tensors
from models.speech.bundle import open_voice
from models.speech.fusion import Stream
from models.speech.guidance import Scales
from models.speech.solver import SolverStopped
from models.speech.speaker import SpeakerConfig
from models.speech.synthesis import Prompt, Seen, Synthesizer, Utterance
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.token_durations import TimedTokens
from models.speech.tokens import PAD, TokenTable, UnspeakableText, write_token_table
from models.speech.zipvoice import ZipVoice
from tests.models.speech.test_zipvoice import TINY

TABLE = TokenTable.of("abcdef ")
HELLO = tuple("abc de")


class Flat:
    """A vocoder that holds each frame's loudness: what the net gave can be read from it."""

    def sound_of(self, mel: Tensor) -> Tensor:
        return (mel.mean(dim=2) / 100).repeat_interleave(256, dim=1)


def write_voice(folder: Path, *, is_public: bool = False, is_taught: bool = True) -> Path:
    torch.manual_seed(0)
    config = SyncVoiceConfig(TINY, len(TABLE), TABLE.pad_id, face_dim=4, lip_dim=4, bottleneck=4, speaker=SpeakerConfig(frozen_dim=6, dim=8, layers=1, heads=2))
    net: torch.nn.Module = ZipVoice(TINY, len(TABLE)) if is_public else SyncVoice(config)
    if is_taught and not is_public:
        for parameter in net.fusion.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / "model.safetensors", net.state_dict())
    (folder / "model.json").write_text(json.dumps({"model": TINY.as_json() if is_public else config.as_json(), "tokenizer": "simple", "languages": ["en"]}))
    write_token_table(TABLE, folder / "tokens.txt")
    return folder


@pytest.fixture
def voice(tmp_path: Path) -> Synthesizer:
    return Synthesizer(open_voice(write_voice(tmp_path / "voice")), Flat())


def seen(pictures: int = 20) -> Seen:
    rng = np.random.default_rng(1)
    return Seen(np.ones(pictures, bool), rng.normal(size=(pictures, 4)).astype(np.float32), rng.normal(size=(pictures, 4)).astype(np.float32))


@pytest.mark.parametrize("frames", [7, 40, 93])
def test_a_take_is_as_long_as_asked_to_the_sample(voice: Synthesizer, frames: int) -> None:
    said = voice.say([Utterance(HELLO, frames)], Scales(), steps=2)[0]
    assert len(said.samples) == frames * 256
    assert said.mel.shape == (frames, 100)


def test_a_line_sounds_the_same_alone_and_beside_others(voice: Synthesizer) -> None:
    line = Utterance(HELLO, 30, seen=seen(), seed=5)
    scales = Scales(1.0, face=1.0, lip=1.0)
    alone = voice.say([line], scales, steps=2)[0]
    beside = voice.say([line, Utterance(tuple("fa"), 50, seed=9)], scales, steps=2)[0]
    np.testing.assert_allclose(beside.mel, alone.mel, atol=2e-3)


def test_points_of_a_grid_said_in_one_call_are_the_points_said_alone(voice: Synthesizer) -> None:
    line = Utterance(HELLO, 32, seen=seen(), seed=5)
    grid = [Scales(1.0, face=face, lip=lip) for face in (0.0, 1.0) for lip in (0.0, 2.0)]
    together = voice.say([line] * len(grid), grid, steps=2)
    alone = [voice.say([line], scales, steps=2)[0] for scales in grid]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.mel, other.mel, atol=2e-3)
    assert len({one.mel.tobytes() for one in together}) == len(grid)


def test_as_many_scales_as_lines_are_wanted(voice: Synthesizer) -> None:
    with pytest.raises(ValueError, match="2 lines are said together under 3 sets of scales"):
        voice.say([Utterance(HELLO, 30)] * 2, [Scales()] * 3, steps=2)


def test_the_same_seed_says_it_the_same_way_and_another_does_not(voice: Synthesizer) -> None:
    first, again, other = (voice.say([Utterance(HELLO, 30, seed=seed)], Scales(), steps=2)[0].mel for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_with_both_scales_at_zero_the_picture_does_not_matter(voice: Synthesizer) -> None:
    blind, sighted = (voice.say([Utterance(HELLO, 30, seen=given)], Scales(1.0), steps=2)[0].mel for given in (None, seen()))
    assert np.array_equal(blind, sighted)


def test_a_line_whose_face_is_never_seen_has_no_streams(voice: Synthesizer) -> None:
    hidden = replace(seen(), is_seen=np.zeros(20, bool))
    assert voice.streams_of(Utterance(HELLO, 30, seen=hidden)) == frozenset()
    assert voice.streams_of(Utterance(HELLO, 30, seen=seen())) == {Stream.FACE, Stream.LIP}


def test_drawn_pauses_are_a_condition_of_their_own(voice: Synthesizer) -> None:
    line = Utterance(HELLO, 30, speech=np.arange(30) < 12)
    assert voice.streams_of(line) == {Stream.PAUSE}
    assert not np.allclose(voice.say([line], Scales(1.0, pause=2.0), steps=2)[0].mel, voice.say([line], Scales(1.0), steps=2)[0].mel)


def test_token_times_change_what_is_said_when(voice: Synthesizer) -> None:
    late = TimedTokens((PAD, *HELLO), (18, *[2] * len(HELLO)), 30)
    even = voice.say([Utterance(HELLO, 30)], Scales(), steps=2)[0]
    timed = voice.say([Utterance(HELLO, 30, late)], Scales(), steps=2)[0]
    assert not np.allclose(even.mel, timed.mel)


def test_a_prompt_lends_its_sound_and_is_not_said_again(voice: Synthesizer) -> None:
    prompt = Prompt(np.random.default_rng(0).normal(size=(25, 100)).astype(np.float32), tuple("fed"))
    said = voice.say([Utterance(HELLO, 30, prompt=prompt)], Scales(), steps=2)[0]
    assert len(said.samples) == 30 * 256
    assert not np.allclose(said.mel, voice.say([Utterance(HELLO, 30)], Scales(), steps=2)[0].mel)


def test_prompt_and_token_times_go_together(voice: Synthesizer) -> None:
    prompt = Prompt(np.zeros((25, 100), np.float32), tuple("fed"))
    timed = TimedTokens((PAD, *HELLO), (18, *[2] * len(HELLO)), 30)
    assert len(voice.say([Utterance(HELLO, 30, timed, prompt=prompt)], Scales(), steps=2)[0].samples) == 30 * 256


def test_a_token_the_voice_lacks_is_named(voice: Synthesizer) -> None:
    with pytest.raises(UnspeakableText, match="ж"):
        voice.say([Utterance(("a", "ж"), 20)], Scales(), steps=1)


def test_it_stops_when_asked(voice: Synthesizer) -> None:
    with pytest.raises(SolverStopped):
        voice.say([Utterance(HELLO, 20)], Scales(), steps=4, is_cancelled=lambda: True)


def test_a_public_folder_opens_as_the_voice_that_was_published(tmp_path: Path) -> None:
    bundle = open_voice(write_voice(tmp_path / "public", is_public=True))
    assert not bundle.has_sight
    voice = Synthesizer(bundle, Flat())
    line = Utterance(HELLO, 30, seed=1)
    blind = voice.say([line], Scales(1.0), steps=2)[0].mel
    width = bundle.net.config
    streams = Seen(np.ones(20, bool), np.ones((20, width.face_dim), np.float32), np.ones((20, width.lip_dim), np.float32))
    assert np.array_equal(blind, voice.say([replace(line, seen=streams)], Scales(1.0, face=1.0, lip=2.0), steps=2)[0].mel)


@pytest.mark.parametrize("missing", ["model.json", "model.safetensors", "tokens.txt"])
def test_a_folder_that_lacks_a_file_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    folder = write_voice(tmp_path / "voice")
    (folder / missing).unlink()
    with pytest.raises(BadWeights, match=missing):
        open_voice(folder)


def test_weights_of_another_size_are_refused_with_the_first_key(tmp_path: Path) -> None:
    folder = write_voice(tmp_path / "voice")
    described = json.loads((folder / "model.json").read_text())
    described["model"]["backbone"]["text_embed_dim"] = 48
    (folder / "model.json").write_text(json.dumps(described))
    with pytest.raises(BadWeights, match="embed.weight"):
        open_voice(folder)


def test_a_token_table_of_another_voice_is_refused(tmp_path: Path) -> None:
    folder = write_voice(tmp_path / "voice")
    write_token_table(TokenTable.of("ab"), folder / "tokens.txt")
    with pytest.raises(BadWeights, match="tokens"):
        open_voice(folder)


def test_opening_a_voice_leaves_the_dice_alone(tmp_path: Path) -> None:
    folder = write_voice(tmp_path / "voice")
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    open_voice(folder)
    assert torch.equal(torch.rand(1), expected)
