"""The bundled visual encoder of the voice: grey mouth crops at 25 fps in, 64 numbers per picture out, for the fusion's lip stream.

Small (half a million weights) and its own: it shares nothing with the lip scorer, which judges what the voice makes of these features.
`models.recipes.lip_encoder` trains it to say which phone a mouth makes, how loud, and with what spectrum. Another encoder: see `visual`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors, write_tensors

SIDE_PX = 64
FRONT_FRAMES = 5
CONFIG_FILE = "config.json"


@dataclass(frozen=True, slots=True)
class LipEncoderConfig:
    """`channels` of the four picture convolutions, `hidden` of the convolutions over time, `width` of what leaves."""

    channels: tuple[int, int, int, int] = (24, 48, 96, 128)
    hidden: int = 128
    width: int = 64
    kernel_frames: int = 5


class LipEncoder(nn.Module):
    """A convolution over 5 pictures at once, three over one each, two over time: sees 13 pictures (0.5 s) round each one.

    `forward`: (batch, frames, 64, 64) as `normalised` gives them → (batch, frames, width), each frame of zero mean and unit size."""

    def __init__(self, config: LipEncoderConfig) -> None:
        super().__init__()
        self.config = config
        first, *others = config.channels
        self.front = nn.Conv2d(FRONT_FRAMES, first, 5, 2, 2)
        pairs = zip(config.channels[:-1], others, strict=True)
        self.pictures = nn.ModuleList([nn.Conv2d(size, wider, 3, 2, 1) for size, wider in pairs])
        self.norm = nn.GroupNorm(8, others[-2])
        self.pooled = nn.Linear(16 * others[-1], config.hidden)
        padding = config.kernel_frames // 2
        self.over_time = nn.ModuleList([nn.Conv1d(config.hidden, config.hidden, config.kernel_frames, padding=padding) for _ in range(2)])
        self.time_norms = nn.ModuleList([nn.LayerNorm(config.hidden) for _ in range(2)])
        self.out = nn.Linear(config.hidden, config.width)

    @property
    def width(self) -> int:
        return self.config.width

    def forward(self, mouths: Tensor) -> Tensor:
        batch, frames = mouths.shape[:2]
        held = torch.cat([mouths[:, :1]] * 2 + [mouths] + [mouths[:, -1:]] * 2, dim=1)
        seen = held.unfold(1, FRONT_FRAMES, 1).flatten(0, 1).contiguous().permute(0, 3, 1, 2)  # channels last
        seen = F.relu(self.front(seen))
        for place, layer in enumerate(self.pictures):
            seen = layer(seen)
            seen = F.relu(self.norm(seen) if place == 1 else seen)
        hidden = self.pooled(seen.flatten(1)).view(batch, frames, -1)
        for layer, norm in zip(self.over_time, self.time_norms, strict=True):
            hidden = hidden + layer(F.gelu(norm(hidden)).transpose(1, 2)).transpose(1, 2)
        return F.layer_norm(self.out(hidden).float(), (self.config.width,))

    @torch.inference_mode()
    def encode(self, frames: Tensor) -> Tensor:
        """(frames, 64, 64) uint8 of one face → (frames, width) float32. Raises ValueError for pictures of another size."""
        if frames.ndim != 3 or tuple(frames.shape[1:]) != (SIDE_PX, SIDE_PX) or not len(frames):
            raise ValueError(f"Mouth pictures are (frames, {SIDE_PX}, {SIDE_PX}); these are {tuple(frames.shape)}.")
        return self(normalised(frames)[None])[0].float()


def normalised(mouths: Tensor) -> Tensor:
    """uint8 or float pictures (..., frames, 64, 64) to zero mean and unit deviation over the clip: blind to exposure, not to motion."""
    values = mouths.float()
    mean = values.mean(dim=(-3, -2, -1), keepdim=True)
    spread = (values - mean).square().mean(dim=(-3, -2, -1), keepdim=True).sqrt()
    return (values - mean) / spread.clamp(min=1.0)


def save_lip_encoder(net: LipEncoder, folder: Path) -> None:
    """`model.safetensors` and `config.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / MODEL_FILE, net.state_dict())
    (folder / CONFIG_FILE).write_text(json.dumps(asdict(net.config), indent=1) + "\n", encoding="utf-8")


def open_lip_encoder(folder: Path, *, sha256: str | None = None) -> LipEncoder:
    """The net in evaluation mode. Raises BadWeights where the folder is not one of these encoders."""
    try:
        asked = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        config = LipEncoderConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in asked.items()})
    except (OSError, ValueError, TypeError) as error:
        raise BadWeights(f"{folder / CONFIG_FILE} does not describe a lip encoder ({error}); copy the folder again.") from error
    net = LipEncoder(config)
    load_strictly(net, read_tensors(folder / MODEL_FILE, sha256=sha256), str(folder / MODEL_FILE))
    return net.eval()
