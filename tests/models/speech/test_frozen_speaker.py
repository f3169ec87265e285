"""The frozen speaker encoder: told by its weights, one unit vector of the same kind whichever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights, write_tensors
from models.speech.campplus import CamPlus, CamPlusConfig
from models.speech.frozen_speaker import open_frozen_speaker
from tests.tiny_voices import make_voiceprint


def make_campplus(folder: Path, width: int = 192) -> Path:
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / "campplus.safetensors", CamPlus(CamPlusConfig(embedding_size=width)).state_dict())
    return folder


@pytest.mark.parametrize("width", [192, 512])
def test_camplus_is_known_by_its_keys_and_as_wide_as_its_weights(tmp_path: Path, width: int) -> None:
    encoder = open_frozen_speaker(make_campplus(tmp_path / "speaker", width))
    assert (encoder.kind, encoder.width) == ("campplus", width)
    made = encoder.embed(torch.randn(16_000, generator=torch.Generator().manual_seed(1)) * 0.1)
    assert made.shape == (width,) and float(made.norm()) == pytest.approx(1.0, abs=1e-5)


def test_resemblyzer_is_known_by_its_keys(tmp_path: Path) -> None:
    encoder = open_frozen_speaker(make_voiceprint(tmp_path / "print.safetensors"))
    assert (encoder.kind, encoder.width) == ("resemblyzer", 256)


def test_a_sound_shorter_than_half_a_second_is_heard_all_the_same(tmp_path: Path) -> None:
    encoder = open_frozen_speaker(make_campplus(tmp_path / "speaker"))
    short = torch.randn(1_000, generator=torch.Generator().manual_seed(1)) * 0.1
    assert bool(torch.isfinite(encoder.embed(short)).all())


def test_silence_has_no_voice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="silent"):
        open_frozen_speaker(make_campplus(tmp_path / "speaker")).embed(torch.zeros(16_000))


def test_other_weights_are_refused_by_name(tmp_path: Path) -> None:
    write_tensors(tmp_path / "a.safetensors", {"weight": torch.zeros(2)})
    with pytest.raises(BadWeights, match="no speaker encoder that is known here"):
        open_frozen_speaker(tmp_path / "a.safetensors")
