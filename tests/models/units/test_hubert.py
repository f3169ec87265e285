"""Units of a HuBERT: any layer, any table of its width, fifty a second; what does not fit is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights, write_tensors
from models.units.hubert import HubertPlace, open_hubert
from tests.tiny_units import speech_like


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HuBERT of two layers of width 16, random, with a table of its own hidden states."""
    from transformers import HubertConfig, HubertModel

    folder = tmp_path_factory.mktemp("hubert")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = HubertConfig(
            hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=(8,) * 7,
            num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
        )  # fmt: skip
        HubertModel(config).save_pretrained(folder)
    write_tensors(folder / "table.safetensors", {"centroids": torch.randn(12, 16, generator=torch.Generator().manual_seed(1))})
    return folder


@pytest.mark.parametrize("seconds", [0.02, 0.5, 1.0])
def test_a_hubert_gives_fifty_units_a_second(folder: Path, seconds: float) -> None:
    net = open_hubert(HubertPlace(str(folder), 1, folder / "table.safetensors"))
    units = net.units_of(torch.from_numpy(speech_like(seconds)))
    assert units.shape == (round(50 * seconds),)
    assert net.count == 12
    assert 0 <= int(units.min()) <= int(units.max()) < 12


def test_the_layer_asked_for_is_the_layer_used(folder: Path) -> None:
    samples = torch.from_numpy(speech_like(0.4))
    first, last = (open_hubert(HubertPlace(str(folder), layer, folder / "table.safetensors")) for layer in (0, 2))
    with torch.no_grad():
        wanted = first.net(samples[None], output_hidden_states=True).hidden_states
    assert torch.allclose(first.points(samples)[: wanted[0].shape[1]], wanted[0][0], atol=1e-5)
    assert torch.allclose(last.points(samples)[: wanted[2].shape[1]], wanted[2][0], atol=1e-5)
    assert not torch.allclose(first.points(samples), last.points(samples))


def test_what_does_not_fit_is_said(folder: Path, tmp_path: Path) -> None:
    write_tensors(tmp_path / "narrow.safetensors", {"centroids": torch.zeros(4, 8)})
    write_tensors(tmp_path / "other.safetensors", {"weights": torch.zeros(4, 16)})
    with pytest.raises(BadWeights, match="does not fit a HuBERT of width 16"):
        open_hubert(HubertPlace(str(folder), 1, tmp_path / "narrow.safetensors"))
    with pytest.raises(BadWeights, match="holds no “centroids”"):
        open_hubert(HubertPlace(str(folder), 1, tmp_path / "other.safetensors"))
    with pytest.raises(BadWeights, match="layer 3 does not exist"):
        open_hubert(HubertPlace(str(folder), 3, folder / "table.safetensors"))
    with pytest.raises(BadWeights, match="not to be had"):
        open_hubert(HubertPlace(str(tmp_path / "nowhere"), 1, folder / "table.safetensors"))
