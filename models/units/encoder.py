"""Speech to units by our own features: a small net's bottleneck that parts phones and not speakers, then k-means. Opened from a folder.

Enters (samples,) at 16 kHz; leaves (frames,) unit ids at 50 Hz. `hubert.py` does the same from a HuBERT; anything with `units_of` and
`count` can stand in.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors, write_tensors
from models.units.features import FeatureConfig, PitchConfig, SpeechFeatures
from models.units.kmeans import assign_smoothly


class UnitExtractor(Protocol):
    """What the speech path asks of an encoder; `count` is how many units there are."""

    count: int

    def units_of(self, samples: Tensor) -> Tensor:
        """(samples,) at 16 kHz → (frames,) unit ids, int64, 50 a second."""
        ...


@dataclass(frozen=True, slots=True)
class UnitEncoderConfig:
    """`units`: how many there are; `width`: dimensions in which frames are compared; `switch_ratio`: what a change of unit costs, in mean
    squared distances of a frame to its centroid."""

    units: int = 128
    width: int = 24
    hidden: int = 256
    dropout: float = 0.1
    switch_ratio: float = 1.0
    features: FeatureConfig = FeatureConfig()


class UnitEncoder(nn.Module):
    """Features, scaled, through a bottleneck, to the centroids, as steadily as `switch_ratio` asks. The recipe makes all of it."""

    def __init__(self, config: UnitEncoderConfig) -> None:
        super().__init__()
        self.config, self.count = config, config.units
        self.features = SpeechFeatures(config.features)
        self.register_buffer("mean", torch.zeros(self.features.dims))
        self.register_buffer("scale", torch.ones(self.features.dims))
        self.body = nn.Sequential(
            nn.Linear(self.features.dims, config.hidden), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.hidden, config.hidden), nn.GELU(),
            nn.Dropout(config.dropout), nn.Linear(config.hidden, config.width), nn.LayerNorm(config.width, elementwise_affine=False),
        )  # fmt: skip
        self.register_buffer("centroids", torch.zeros(config.units, config.width))
        self.register_buffer("spread", torch.ones(()))

    def bottleneck(self, rows: Tensor) -> Tensor:
        """(frames, dims) as `features` gives them → (frames, width): where the frames lie among the centroids."""
        return self.body((rows - self.mean) / self.scale)

    def units_of_rows(self, rows: Tensor) -> Tensor:
        """`units_of`, from features already made."""
        return assign_smoothly(self.bottleneck(rows), self.centroids, self.config.switch_ratio * float(self.spread))

    @torch.no_grad()
    def units_of(self, samples: Tensor) -> Tensor:
        return self.units_of_rows(self.features(samples))


def save_encoder(encoder: UnitEncoder, folder: Path) -> None:
    write_folder(folder, asdict(encoder.config), encoder.state_dict())


def open_encoder(folder: Path, *, sha256: str | None = None) -> UnitEncoder:
    """The encoder of a folder (config.json, model.safetensors). Raises BadWeights."""
    plain = read_config(folder)
    try:
        features = dict(plain.pop("features"))
        pitch = PitchConfig(**features.pop("pitch"))
        encoder = UnitEncoder(UnitEncoderConfig(**plain, features=FeatureConfig(**features, pitch=pitch)))
    except (TypeError, KeyError) as error:
        raise BadWeights(f"{folder / 'config.json'} does not describe a unit encoder ({error}); fetch or copy it again.") from error
    load_strictly(encoder, read_tensors(folder / MODEL_FILE, sha256=sha256), str(folder))
    return encoder.eval()


def read_config(folder: Path) -> dict:
    """config.json of a folder of weights. Raises BadWeights where it is missing or damaged."""
    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadWeights(f"{path} is missing or damaged ({error}); fetch or copy it again.") from error
    if not isinstance(content, dict):
        raise BadWeights(f"{path} is damaged: it holds no settings; fetch or copy it again.")
    return content


def write_folder(folder: Path, config: dict, tensors: dict[str, Tensor]) -> None:
    """config.json and model.safetensors, each written beside and moved into place."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / MODEL_FILE, tensors)
    beside = folder / "config.json.making"
    beside.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    beside.replace(folder / "config.json")
