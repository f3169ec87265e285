"""Vocoders opened from folders: ours, the public one with its spectrum's tables, and what is none of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights, write_tensors
from models.speech.pulse_vocos import PulseVocos, PulseVocosConfig
from models.speech.spectrum import vocoder_bank
from models.speech.vocoder_files import open_vocoder
from models.speech.vocos import Vocos, VocosConfig

SMALL, PULSE = VocosConfig(dim=8, intermediate_dim=16, num_layers=2), PulseVocosConfig(dim=8, intermediate_dim=16, num_layers=1, pitch_dim=8)
YAML = "feature_extractor:\n  init_args:\n    sample_rate: 24000\n    n_mels: 100\n    padding: center\n"


def public(folder: Path, yaml: str = YAML, **changed: torch.Tensor | None) -> Vocos:
    """A folder as the hub has it, of a small net."""
    net = Vocos(SMALL).eval()
    tables = {"feature_extractor.mel_spec.spectrogram.window": torch.hann_window(1024), "feature_extractor.mel_spec.mel_scale.fb": vocoder_bank().T.contiguous()}
    tensors = {**net.state_dict(), **tables, **changed}
    torch.save({key: value for key, value in tensors.items() if value is not None}, folder / "pytorch_model.bin")
    (folder / "config.yaml").write_text(yaml)
    return net


def test_a_public_folder_opens_and_sounds_as_the_net_it_was_saved_from(tmp_path: Path) -> None:
    net, mel = public(tmp_path), torch.randn(1, 100, 9)
    opened = open_vocoder(tmp_path)
    assert opened.config == SMALL
    assert torch.equal(opened.decode(mel), net.decode(mel))


@pytest.mark.parametrize("config", [SMALL, PULSE])
def test_our_own_folders_open_by_their_kind(tmp_path: Path, config: VocosConfig | PulseVocosConfig) -> None:
    net = Vocos(config) if isinstance(config, VocosConfig) else PulseVocos(config)
    write_tensors(tmp_path / "model.safetensors", net.state_dict())
    (tmp_path / "config.json").write_text(json.dumps({"kind": "vocos" if config is SMALL else "pulse", **asdict(config)}))
    mel = torch.randn(1, 9, 100)
    assert torch.equal(open_vocoder(tmp_path).sound_of(mel), net.eval().sound_of(mel))


def test_a_vocoder_of_another_spectrum_is_refused(tmp_path: Path) -> None:
    public(tmp_path, **{"feature_extractor.mel_spec.mel_scale.fb": vocoder_bank().T.contiguous() * 1.1})
    with pytest.raises(BadWeights, match=r"another spectrum: feature_extractor\.mel_spec\.mel_scale\.fb"):
        open_vocoder(tmp_path)
    public(tmp_path, yaml=YAML.replace("24000", "44100"))
    with pytest.raises(BadWeights, match="sample_rate is 44100"):
        open_vocoder(tmp_path)


def test_what_does_not_fit_is_told_by_its_first_keys(tmp_path: Path) -> None:
    public(tmp_path, **{"backbone.norm.bias": None, "backbone.extra": torch.ones(1)})
    with pytest.raises(BadWeights, match=r"1 missing \(such as backbone\.norm\.bias\) and 1 unexpected \(such as backbone\.extra\)"):
        open_vocoder(tmp_path)
    public(tmp_path, **{"head.out.weight": None})
    with pytest.raises(BadWeights, match="is no Vocos"):
        open_vocoder(tmp_path)


def test_damaged_sizes_are_named(tmp_path: Path) -> None:
    write_tensors(tmp_path / "model.safetensors", PulseVocos(PULSE).state_dict())
    for content, said in {"{": "is damaged", "[]": "holds no sizes", '{"kind": "pulse", "dim": -3}': "“dim” = -3", '{"kind": "pulse", "width": 3}': "“width” = 3"}.items():
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(BadWeights, match=said):
            open_vocoder(tmp_path)
