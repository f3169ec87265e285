"""A small listener for the 51 words of the GRID commands: sound in, words out, for the word error of generated speech.

It hears about a second round each moment and knows no grammar, so that wrong, doubled and missing words are heard as such. Trained by
`models.recipes.grid_recogniser` on one speaker. For other words train one with another `words`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import gcd
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors, write_tensors
from models.parts.mel import LogMel, MelConfig

RATE_HZ = 16_000
CONFIG_FILE = "config.json"
BLANK = 0
FRAMES_PER_OUTPUT = 2  # of 10 ms
GRID_SPELLED = {"a": "eh", "z": "zed"}
"""Letters that espeak-ng's en-us voice would say otherwise than the speakers of GRID do: how they are spelled to be said."""
_WRITTEN = {spoken: letter for letter, spoken in GRID_SPELLED.items()}


@dataclass(frozen=True, slots=True)
class RecogniserConfig:
    """`words` and `phones` in the order of their outputs, which begin with the blank; `dilations` of the convolutions at 50 a second."""

    words: tuple[str, ...]
    phones: tuple[str, ...]
    hidden: int = 112
    dilations: tuple[int, ...] = (1, 1, 2, 2, 4, 4)
    kernel: int = 5
    bands: int = 64


class GridRecogniser(nn.Module):
    """`forward`: log-mel (batch, frames at 100 Hz, bands) → word scores (batch, frames / 2, 1 + words) and phone scores (…, 1 + phones), the
    blank first, before the softmax. The phones are learnt along the way: letters that share them are then told apart by the rest."""

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        size, kernel = config.hidden, config.kernel
        self.mel = LogMel(MelConfig(bands=config.bands))
        self.front = nn.Conv1d(config.bands, size, kernel, FRAMES_PER_OUTPUT, kernel // 2)
        self.layers = nn.ModuleList([nn.Conv1d(size, size, kernel, padding=kernel // 2 * step, dilation=step) for step in config.dilations])
        self.norms = nn.ModuleList([nn.LayerNorm(size) for _ in config.dilations])
        self.drop = nn.Dropout(0.2)
        self.words = nn.Linear(size, 1 + len(config.words))
        self.phones = nn.Linear(size, 1 + len(config.phones))
        self.phone_depth = len(config.dilations) // 2

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.front(levelled(mel).transpose(1, 2)).transpose(1, 2)
        phones = None
        for place, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            if place == self.phone_depth:
                phones = self.phones(hidden)
            hidden = hidden + self.drop(layer(F.gelu(norm(hidden)).transpose(1, 2)).transpose(1, 2))
        return self.words(F.gelu(hidden)), phones

    @torch.inference_mode()
    def transcribe(self, samples: np.ndarray, rate_hz: int) -> list[str]:
        """Words heard in (samples,) float −1..1 at 16 or 24 kHz, in order; none in silence. Raises ValueError for sounds of another form."""
        if samples.ndim != 1 or len(samples) < rate_hz // 10:
            raise ValueError(f"The recogniser hears mono sound of at least 0.1 s; this is {samples.shape} at {rate_hz} Hz.")
        shared = gcd(RATE_HZ, rate_hz)
        heard = resample_poly(samples, RATE_HZ // shared, rate_hz // shared) if rate_hz != RATE_HZ else samples
        scores, _ = self(self.mel(torch.from_numpy(np.ascontiguousarray(heard, np.float32))[None]))
        return [self.config.words[index - 1] for index in greedy(scores[0].argmax(-1).tolist())]


def levelled(mel: Tensor) -> Tensor:
    """Log-mel without the loudness of the recording: its mean over the line is nought, what lies 6 nepers below the mean is cut."""
    return ((mel - mel.mean(dim=(1, 2), keepdim=True)) / 3.0).clamp(min=-2.0)


def greedy(best: Sequence[int]) -> list[int]:
    """The outputs of a CTC path: repeats joined, blanks left out."""
    return [value for place, value in enumerate(best) if value != BLANK and (place == 0 or best[place - 1] != value)]


def as_spoken(words: Sequence[str]) -> str:
    """A GRID command spelled for an English voice to say."""
    return " ".join(GRID_SPELLED.get(word, word) for word in words)


def as_written(words: Sequence[str]) -> list[str]:
    """Words as GRID writes them: a letter that was spelled to be said is that letter again."""
    return [_WRITTEN.get(word, word) for word in words]


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest words to change, add or leave out that make what was heard into what was to be said. Both as GRID writes them, or spelled."""
    said, heard = as_written(said), as_written(heard)
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, start=1):
        before, row[0] = row[0], count
        for place, other in enumerate(heard, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]


def save_recogniser(net: GridRecogniser, folder: Path) -> None:
    """`model.safetensors` and `config.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / MODEL_FILE, net.state_dict())
    (folder / CONFIG_FILE).write_text(json.dumps(asdict(net.config), ensure_ascii=False) + "\n", encoding="utf-8")


def open_recogniser(folder: Path, *, sha256: str | None = None) -> GridRecogniser:
    """The net in evaluation mode. Raises BadWeights where the folder is not one of these recognisers."""
    try:
        asked = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        config = RecogniserConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in asked.items()})
    except (OSError, ValueError, TypeError) as error:
        raise BadWeights(f"{folder / CONFIG_FILE} does not describe a word recogniser ({error}); copy the folder again.") from error
    net = GridRecogniser(config)
    load_strictly(net, read_tensors(folder / MODEL_FILE, sha256=sha256), str(folder / MODEL_FILE))
    return net.eval()
