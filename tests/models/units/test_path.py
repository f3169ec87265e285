"""The whole path fills its slot to the unit, obeys its rate limit and another's durations, and wants models of one set of units."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.units.path import PathOptions, SpeechPath
from models.units.vocoder import UnitVocoder, VocoderConfig
from tests.tiny_units import UNITS, speech_like, tiny_encoder, tiny_translator, tiny_vocoder

SPEECH = torch.from_numpy(speech_like(0.6))


def path() -> SpeechPath:
    return SpeechPath(tiny_encoder(), tiny_translator(), tiny_vocoder())


def test_speech_comes_out_as_long_as_the_slot() -> None:
    natural = path().convert(SPEECH, "en", "zh")
    frames = int(natural.runs.lengths.sum())
    assert natural.samples.shape == (320 * frames,)
    for slot in (frames - frames // 10, frames + frames // 4):
        fitted = path().convert(SPEECH, "en", "zh", options=PathOptions(slot_frames=slot))
        assert len(fitted.samples) == 320 * slot
        assert int(fitted.runs.lengths.sum()) == slot
        assert int(fitted.runs.lengths.min()) >= 1
        assert torch.equal(fitted.runs.units, natural.runs.units)


def test_a_slot_beyond_the_rate_limit_is_missed_and_no_unit_is_lost() -> None:
    natural = path().convert(SPEECH, "en", "zh")
    frames, count = int(natural.runs.lengths.sum()), len(natural.runs.units)
    short = path().convert(SPEECH, "en", "zh", options=PathOptions(slot_frames=1))
    long = path().convert(SPEECH, "en", "zh", options=PathOptions(slot_frames=100 * frames, most_change_ratio=2.0))
    assert count <= int(short.runs.lengths.sum()) <= max(count, round(frames / 1.5) + 1)
    assert frames < int(long.runs.lengths.sum()) <= 2 * frames + 2


def test_another_predictor_may_say_how_long_units_are() -> None:
    def lengthening(units: Tensor) -> Tensor:
        return torch.arange(1, len(units) + 1).float()

    lengths = path().convert(SPEECH, "en", "zh", options=PathOptions(durations=lengthening)).runs.lengths
    assert torch.equal(lengths, torch.arange(1, len(lengths) + 1))


def test_models_of_other_units_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="made together"):
        SpeechPath(tiny_encoder(), tiny_translator(), UnitVocoder(VocoderConfig(UNITS + 1, unit_dim=8, width=16, blocks=1, fine_blocks=1)))
