"""A voice on disk: a folder in, everything needed to speak with it out.

A folder holds `model.safetensors` or `model.pt`, `model.json` and `tokens.txt`. Public ZipVoice folders open as they are: their visual adapters
start at zero, so the voice is the published one until it has been trained on faces. Lip encoder and vocoder stand in folders of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from models.checkpoint import BadWeights, load_strictly, read_tensors
from models.speech.speaker import SpeakerConfig
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable, read_token_table
from models.speech.weights_files import unwrapped
from models.speech.zipvoice import ZipVoiceConfig

MODEL_JSON, TOKENS_FILE = "model.json", "tokens.txt"
MODEL_FILES = ("model.safetensors", "model.pt")


class Vocoder(Protocol):
    def sound_of(self, mel: Tensor) -> Tensor:
        """Log-mel (batch, frames, 100) → samples (batch, 256 · frames) at 24 kHz."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceBundle:
    """`net` in evaluation mode; `tokenizer`: the kind its texts are cut by; `languages`: those it was taught. `has_sight`: trained on faces."""

    net: SyncVoice
    table: TokenTable
    tokenizer: str
    languages: tuple[str, ...]
    has_sight: bool


def open_voice(folder: Path, *, sha256: str | None = None) -> VoiceBundle:
    """The voice in a folder, SyncVoice or plain ZipVoice, base or distilled. Raises BadWeights where it is none, or does not fit its sizes."""
    described = _described(folder)
    path = next((folder / name for name in MODEL_FILES if (folder / name).is_file()), None)
    if path is None:
        raise BadWeights(f"{folder} holds neither {' nor '.join(MODEL_FILES)}; fetch a voice with “python -m studio models pull zipvoice” or copy its files there.")
    table, tensors = _table(folder), unwrapped(read_tensors(path, sha256=sha256))
    sizes = described["model"]
    try:
        config = SyncVoiceConfig.from_json(sizes) if "backbone" in sizes else _public(sizes, table, tensors)
    except ValueError as error:
        raise BadWeights(f"{folder / MODEL_JSON}: {error}") from error
    if config.vocab_size != len(table):
        raise BadWeights(f"{folder / TOKENS_FILE} has {len(table)} tokens and the model {config.vocab_size}; they belong to different voices.")
    torch_state = torch.random.get_rng_state()
    net = SyncVoice(config)
    torch.random.set_rng_state(torch_state)
    load_strictly(net if "backbone" in sizes else net.backbone, tensors, str(path))
    return VoiceBundle(
        net.eval(), table, str(described.get("tokenizer", "emilia")), tuple(described.get("languages", ("en", "zh"))), "backbone" in sizes
    )


def _described(folder: Path) -> Mapping[str, dict]:
    path = folder / MODEL_JSON
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadWeights(f"{folder} is no voice: it holds no {MODEL_JSON}. Fetch one with “python -m studio models pull zipvoice”.") from error
    except ValueError as error:
        raise BadWeights(f"{path} is damaged and cannot be read ({error}); fetch or copy it again.") from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise BadWeights(f"{path} does not describe a voice (its sizes stand under “model”); fetch or copy it again.")
    return content


def _table(folder: Path) -> TokenTable:
    try:
        return read_token_table(folder / TOKENS_FILE)
    except (OSError, ValueError) as error:
        raise BadWeights(f"{folder / TOKENS_FILE} cannot be read ({error}); it belongs beside the model.") from error


def _public(sizes: Mapping[str, object], table: TokenTable, tensors: Mapping[str, Tensor]) -> SyncVoiceConfig:
    """A public ZipVoice: adapters and speaker encoder are new, and zero."""
    is_distilled = any(key.startswith("fm_decoder.guidance_scale_embed") for key in tensors)
    return SyncVoiceConfig(ZipVoiceConfig.from_json(sizes), len(table), table.pad_id, is_distilled, speaker=SpeakerConfig())
