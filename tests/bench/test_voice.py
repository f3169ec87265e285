"""The benchmark of the voice: forms that agree are found to agree, its ratios are ratios, and a checkout that is none is refused."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch

from bench.sync import Span
from bench.voice import Branches, LengthResult, four_branches, lines_of_length, measure_length, open_base
from bench.voice_batch import lines_of_batch, measure_batch
from bench.voice_peer import PeerFailed, own_plain_form, public_form
from models.speech.fast import FastDecoder
from models.speech.syncvoice import SyncVoice
from models.speech.vocos import VocosConfig
from tests.models.speech.test_zipvoice import TINY

FLAGS = Namespace(seed=0, repeats=2)


@pytest.fixture(scope="module")
def voice() -> SyncVoice:
    return open_base(None, 0, TINY)


@pytest.fixture(scope="module")
def result(voice: SyncVoice) -> LengthResult:
    decoders = {dtype: FastDecoder(voice.backbone.fm_decoder, dtype) for dtype in (torch.float32, torch.bfloat16)}
    return measure_length(own_plain_form(voice), voice, decoders, 0.4, FLAGS)


def test_the_fast_form_is_found_equal_to_the_plain_one(result: LengthResult) -> None:
    assert result.frames == 38
    assert result.float32.typical <= result.float32.largest < 1e-5
    assert 1e-5 < result.bfloat16.typical <= result.bfloat16.largest < 1e-2
    assert result.float32.times_faster == result.public.over(result.float32.span)


def test_a_form_that_differs_is_found_to_differ(voice: SyncVoice) -> None:
    other = open_base(None, 1, TINY)
    decoders = {dtype: FastDecoder(voice.backbone.fm_decoder, dtype) for dtype in (torch.float32, torch.bfloat16)}
    assert measure_length(own_plain_form(other), voice, decoders, 0.4, FLAGS).float32.largest > 0.1


def test_four_branches_are_held_against_one_of_ours_and_one_of_theirs() -> None:
    spans = {"public one": Span(2.0, 2.0), "float32 one": Span(1.0, 1.0), "float32 four": Span(3.0, 4.0)}
    assert four_branches(spans, "float32") == Branches(Span(1.0, 1.0), Span(3.0, 4.0), Span(3.0, 4.0), Span(1.5, 2.0))


def test_every_length_is_said_with_its_aims(result: LengthResult) -> None:
    said = "\n".join(lines_of_length(result))
    assert "0.4 s (38 frames)" in said
    assert all(aim in said for aim in ("the aim is 1.5", "the aim is 2.5", "the aim is 3.2", "the aim is 1e-04", "the aim is 1e-02"))


def test_a_batch_is_timed_with_its_vocoder_and_without_a_gpu_that_is_said() -> None:
    made = measure_batch(open_base(None, 0, TINY), device="cpu", lines=2, seconds=0.2, steps=2, vocoder=VocosConfig(dim=16, intermediate_dim=16, num_layers=1))
    assert made.real_time_factor == pytest.approx((made.net_s + made.vocoder_s) / 0.4)
    assert made.four_times_one > 0
    assert "2 lines of 0.2 s" in lines_of_batch(made)[0]
    assert "not measured" in lines_of_batch(None)[0]


def test_a_folder_without_the_public_code_is_refused_in_a_sentence(voice: SyncVoice, tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match=r"holds no zipvoice/models/zipvoice\.py"):
        public_form(tmp_path, voice)
