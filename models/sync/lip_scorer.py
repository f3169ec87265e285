"""The scorer of lip synchrony this project trains: two towers, mouths and sound, into one space at 25 embeddings a second.

Enters: grey mouth crops (64×64, 25 Hz) and mono speech (16 kHz). Leaves: unit-length embeddings, one per video frame, whose
distances are scored like SyncNet's (papers §5.1). Both towers see a stretch of time around each frame. Audio is differentiable.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors
from models.parts.mel import LogMel, MelConfig

RATE_HZ = 16_000
SAMPLES_PER_FRAME = RATE_HZ // 25
MOUTH_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class LipScorerConfig:
    """`side_px`: the middle of the mouth crop that is looked at. `width`: channels of the temporal body; `dim` of the embeddings."""

    side_px: int = 48
    channels: tuple[int, ...] = (24, 48, 96, 128)
    width: int = 192
    dim: int = 128
    dilations: tuple[int, ...] = (1, 2, 1)
    bands: int = 40
    dropout: float = 0.2


class LipScorer(nn.Module):
    def __init__(self, config: LipScorerConfig = LipScorerConfig()) -> None:
        super().__init__()
        self.config = config
        self.mel = LogMel(MelConfig(rate_hz=RATE_HZ, bands=config.bands))
        self.lip_front = _LipFront(config)
        self.lip_body = _Body(config)
        self.sound_front = _SoundFront(config)
        self.sound_body = _Body(config)

    def lips(self, mouths: Tensor) -> Tensor:
        """Mouths, (batch, frames, 64, 64), 0–255 of any type → (batch, frames, dim), unit length."""
        side = self.config.side_px
        edge = (mouths.shape[-1] - side) // 2
        grey = mouths[..., edge : edge + side, edge : edge + side].float()
        return self.lip_embeddings(normalised(grey))

    def lip_embeddings(self, pictures: Tensor) -> Tensor:
        """As `lips`, of pictures already cut to `side_px` and normalised."""
        return F.normalize(self.lip_body.out(self.lip_hidden(pictures)), dim=-1)

    def lip_hidden(self, pictures: Tensor) -> Tensor:
        """What `lip_embeddings` is read from, (batch, frames, width); training asks it for the shape of the mouth as well."""
        return self.lip_body.hidden(self.lip_front(pictures))

    def sound(self, samples: Tensor) -> Tensor:
        """Speech, (batch, samples), 16 kHz, −1..1 → (batch, samples // 640, dim), unit length; sample 0 at the start of frame 0."""
        frames = samples.shape[-1] // SAMPLES_PER_FRAME
        mel = self.mel(samples[..., : frames * SAMPLES_PER_FRAME])
        return self.mel_embeddings(mel[:, : 4 * frames])

    def mel_embeddings(self, mel: Tensor) -> Tensor:
        """Log-mel frames at 100 Hz, (batch, 4·frames, bands) → (batch, frames, dim), unit length."""
        return F.normalize(self.sound_body.out(self.sound_hidden(mel)), dim=-1)

    def sound_hidden(self, mel: Tensor) -> Tensor:
        """What `mel_embeddings` is read from, (batch, frames, width)."""
        level = mel.mean(dim=(1, 2), keepdim=True)
        return self.sound_body.hidden(self.sound_front((mel - level) / 3.0))


def normalised(grey: Tensor) -> Tensor:
    """Pictures with the mean and contrast of the whole stretch taken out, so that light and skin do not count."""
    flat = grey.flatten(2)
    mean = flat.mean(dim=(1, 2))[:, None, None, None]
    deviation = flat.std(dim=(1, 2))[:, None, None, None]
    return (grey - mean) / (deviation + 8.0)


class _LipFront(nn.Module):
    """Pictures to one vector per frame: one convolution over time and space, then two dimensions, frame by frame."""

    def __init__(self, config: LipScorerConfig) -> None:
        super().__init__()
        first, *rest = config.channels
        self.time = nn.Sequential(
            nn.Conv3d(1, first, (5, 5, 5), (1, 2, 2), (2, 2, 2), bias=False), nn.BatchNorm3d(first), nn.ReLU(inplace=True)
        )
        layers: list[nn.Module] = []
        before = first
        for channels in rest:
            layers += [
                nn.Conv2d(before, channels, 3, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
            ]
            before = channels
        self.space = nn.Sequential(*layers)
        self.out = nn.Linear(before * (config.side_px // 2 // 2 ** len(rest)) ** 2, config.width)

    def forward(self, pictures: Tensor) -> Tensor:
        batch, frames = pictures.shape[:2]
        seen = self.time(pictures[:, None]).transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return self.out(self.space(seen).flatten(1)).view(batch, frames, -1)


class _SoundFront(nn.Module):
    """100 Hz spectra to one vector per video frame."""

    def __init__(self, config: LipScorerConfig) -> None:
        super().__init__()
        width = config.width
        self.layers = nn.Sequential(
            nn.Conv1d(config.bands, width, 5, 1, 2, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True),
            nn.Conv1d(width, width, 4, 2, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True),
            nn.Conv1d(width, width, 4, 2, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True),
        )

    def forward(self, mel: Tensor) -> Tensor:
        return self.layers(mel.transpose(1, 2)).transpose(1, 2)


class _Body(nn.Module):
    """Residual temporal convolutions at 25 Hz, then the embedding."""

    def __init__(self, config: LipScorerConfig) -> None:
        super().__init__()
        width = config.width
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, width, 3, 1, dilation, dilation, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True),
                nn.Dropout(config.dropout), nn.Conv1d(width, width, 1),
            )
            for dilation in config.dilations
        )
        self.out = nn.Linear(width, config.dim)

    def hidden(self, vectors: Tensor) -> Tensor:
        """What the embedding is read from: (batch, frames, width)."""
        steps = vectors.transpose(1, 2)
        for block in self.blocks:
            steps = torch.relu(steps + block(steps))
        return steps.transpose(1, 2)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.out(self.hidden(vectors))


def save_lip_scorer(net: LipScorer, folder: Path) -> None:
    """Write `config.json` and `model.safetensors`, each beside its place and renamed."""
    from models.checkpoint import write_tensors

    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / MODEL_FILE, net.state_dict())
    draft = folder / "config.json.part"
    draft.write_text(json.dumps(asdict(net.config), indent=2) + "\n", encoding="utf-8")
    os.replace(draft, folder / "config.json")


def load_lip_scorer(folder: Path, *, sha256: str | None = None) -> LipScorer:
    """The scorer in a folder, ready to judge. Raises BadWeights."""
    tensors = read_tensors(folder / MODEL_FILE, sha256=sha256)
    try:
        plain = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        net = LipScorer(LipScorerConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}))
    except (OSError, ValueError, TypeError) as error:
        raise BadWeights(f"{folder} holds no lip scorer that fits its config.json: {error}") from error
    load_strictly(net, tensors, str(folder / MODEL_FILE))
    return net.eval()
