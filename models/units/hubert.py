"""Units by a HuBERT of transformers and a k-means table over one of its layers, where such weights are at hand.

Enters a folder or hub id of a HuBERT, a layer, and a safetensors file with `centroids` (units, width); leaves units as `UnitEncoder` does:
50 a second at 16 kHz. WavLM and wav2vec 2.0 folders work alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.checkpoint import BadWeights, read_tensors
from models.units.features import HOP
from models.units.kmeans import assign

SMALLEST_SAMPLES = 400  # one frame of the convolutions before the transformer


@dataclass(frozen=True, slots=True)
class HubertPlace:
    """`model`: folder or hub id. `layer`: 0 is what enters the transformer, n what leaves its n-th layer. `table`: the k-means file.
    `has_norm`: whether it was trained on speech of zero mean and unit variance (large models are, the base one is not)."""

    model: str
    layer: int
    table: Path
    has_norm: bool = False
    may_download: bool = False


class HubertUnits(nn.Module):
    """UnitExtractor by a frozen HuBERT."""

    def __init__(self, net: Any, layer: int, centroids: Tensor, *, has_norm: bool = False) -> None:
        super().__init__()
        layers, width = net.config.num_hidden_layers, net.config.hidden_size
        if not 0 <= layer <= layers:
            raise ValueError(f"layer {layer} does not exist: this HuBERT has layers 0 to {layers}.")
        if centroids.ndim != 2 or centroids.shape[1] != width:
            raise ValueError(f"a k-means table of shape {tuple(centroids.shape)} does not fit a HuBERT of width {width}.")
        self.net, self.layer, self.has_norm, self.count = net.eval(), layer, has_norm, len(centroids)
        self.register_buffer("centroids", centroids.float())

    @torch.no_grad()
    def points(self, samples: Tensor) -> Tensor:
        """(samples,) at 16 kHz → (samples // 320, width): hidden states, the last repeated where the convolutions end early."""
        frames = len(samples) // HOP
        if frames < 1:
            raise ValueError(f"{len(samples)} samples are shorter than one unit of {HOP}; give more speech.")
        heard = F.pad(samples, (0, max(0, SMALLEST_SAMPLES - len(samples))))
        if self.has_norm:
            heard = (heard - heard.mean()) / (heard.var(unbiased=False) + 1e-7).sqrt()
        states = self.net(heard[None], output_hidden_states=True).hidden_states[self.layer][0]
        missing = frames - len(states)
        return states[:frames] if missing <= 0 else torch.cat((states, states[-1:].expand(missing, -1)))

    def units_of(self, samples: Tensor) -> Tensor:
        return assign(self.points(samples), self.centroids)


def open_hubert(place: HubertPlace) -> HubertUnits:
    """Raises BadWeights where the model or its table is not to be had, damaged, or does not fit."""
    from safetensors import SafetensorError
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    tensors = read_tensors(place.table)
    if "centroids" not in tensors:
        raise BadWeights(f"{place.table} holds no “centroids”; give a k-means table made for this model.")
    try:
        net = AutoModel.from_pretrained(place.model, local_files_only=not place.may_download, use_safetensors=True, trust_remote_code=False)
        return HubertUnits(net, place.layer, tensors["centroids"], has_norm=place.has_norm)
    except (OSError, SafetensorError) as error:
        raise BadWeights(f"The HuBERT of {place.model} is not to be had or damaged ({error}); fetch it or name another folder.") from error
    except ValueError as error:
        raise BadWeights(f"{place.model} and {place.table} do not fit: {error}") from error
