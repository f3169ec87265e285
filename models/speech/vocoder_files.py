"""Vocoders on disk: a folder in, a net that turns log-mel to sound out. Ours, the public Vocos, or an own Vocos of other sizes.

A kind of vocoder is added by its branch in `open_vocoder` and the `kind` in its config.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from models.checkpoint import BadWeights, load_strictly, read_manifest, read_tensors
from models.speech.pulse_vocos import PulseVocos, PulseVocosConfig
from models.speech.spectrum import BANDS, FFT, HOP, RATE_HZ, vocoder_bank
from models.speech.vocos import LARGEST_SIZE, Vocos, VocosConfig
from models.speech.weights_files import unwrapped, weights_file

BUNDLED = "vocoder-small"
_SPECTRUM = "feature_extractor.mel_spec."  # tables that public checkpoints carry along
_SAME_BANK = 1e-4
_SAID = re.compile(r"^\s*(sample_rate|n_fft|hop_length|n_mels|padding):\s*(\S+)\s*$", re.MULTILINE)
_EXPECTED = {"sample_rate": str(RATE_HZ), "n_fft": str(FFT), "hop_length": str(HOP), "n_mels": str(BANDS), "padding": "center"}


class Vocoder(Protocol):
    """What every vocoder can do. Frames are those of `VocoderMel`, before any scaling."""

    def decode(self, mel: Tensor) -> Tensor:
        """Log-mel (batch, 100, frames) → samples (batch, 256 · (frames − 1)) at 24 kHz."""
        ...

    def sound_of(self, mel: Tensor) -> Tensor:
        """Log-mel (batch, frames, 100) → samples (batch, 256 · frames)."""
        ...


def open_vocoder(folder: Path | None = None, *, sha256: str | None = None) -> PulseVocos | Vocos:
    """The vocoder of a folder in evaluation mode; None: the bundled one, checked by its sha256. Raises BadWeights."""
    if folder is None:
        entry = read_manifest().find_bundled(BUNDLED)
        folder, sha256 = entry.path.parent, entry.sha256
    path = weights_file(folder)
    tensors = unwrapped(read_tensors(path, sha256=sha256))
    described = path.parent / "config.json"
    sizes = _sizes(described) if described.is_file() else {}
    try:
        if sizes.get("kind") == "pulse":
            net = PulseVocos(PulseVocosConfig.from_json(sizes))
        else:
            net = Vocos(VocosConfig.from_json({key: value for key, value in sizes.items() if key != "kind"} or _public_sizes(path, tensors)))
    except ValueError as error:
        raise BadWeights(f"{path.parent}: {error}") from error
    load_strictly(net, _without_spectrum(tensors, path), str(path))
    return net.eval()


def _sizes(path: Path) -> Mapping[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadWeights(f"{path} is damaged and cannot be read ({error}); fetch or copy it again.") from error
    if not isinstance(content, dict):
        raise BadWeights(f"{path} holds no sizes of a vocoder; fetch or copy it again.")
    return content


def _public_sizes(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The sizes of a Vocos out of its tensors; its config.yaml, where there is one, must say this project's spectrum."""
    yaml = path.parent / "config.yaml"
    for name, value in _SAID.findall(yaml.read_text(encoding="utf-8", errors="replace")) if yaml.is_file() else ():
        if value.strip("'\"") != _EXPECTED[name]:
            raise BadWeights(f"{yaml} says {name} is {value}, and the voices here speak in {_EXPECTED[name]}; use the 24 kHz mel vocoder (vocos-mel-24khz).")
    embed, wide, out = (tensors.get(key) for key in ("backbone.embed.weight", "backbone.convnext.0.pwconv1.weight", "head.out.weight"))
    if embed is None or wide is None or out is None or (embed.ndim, wide.ndim, out.ndim) != (3, 2, 2):
        raise BadWeights(f"{path} is no Vocos: it lacks backbone.embed.weight, backbone.convnext.0.pwconv1.weight or head.out.weight. Name the weights of one.")
    layers = len({key.split(".")[2] for key in tensors if key.startswith("backbone.convnext.")})
    sizes = {"input_channels": embed.shape[1], "dim": embed.shape[0], "intermediate_dim": wide.shape[0], "num_layers": layers, "n_fft": out.shape[0] - 2}
    if (sizes["input_channels"], sizes["n_fft"]) != (BANDS, FFT) or max(sizes.values()) > LARGEST_SIZE:
        raise BadWeights(f"{path} is a Vocos of {sizes['input_channels']} bands and a window of {sizes['n_fft']}; the voices here speak in {BANDS} and {FFT}.")
    return sizes


def _without_spectrum(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Left out once they are known to be the spectrum of this project. Raises BadWeights where they are not."""
    expected = {_SPECTRUM + "spectrogram.window": torch.hann_window(FFT), _SPECTRUM + "mel_scale.fb": vocoder_bank().T}
    for key, table in expected.items():
        if key in tensors and (tensors[key].shape != table.shape or float((tensors[key] - table).abs().max()) > _SAME_BANK):
            raise BadWeights(f"{path} was trained on another spectrum: {key} is not the one the voices here speak in.")
    return {key: value for key, value in tensors.items() if key not in expected}
