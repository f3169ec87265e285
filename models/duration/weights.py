"""Phone durations as a folder: `config.json` and `model.safetensors`, rebuilt from these two alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors, write_tensors
from models.duration.lip_condition import LipConditionConfig
from models.duration.predictor import PhoneDurationConfig, PhoneDurations

CONFIG_FILE = "config.json"


def save_phone_durations(net: PhoneDurations, folder: Path) -> None:
    """Both files, each written beside its place and moved into it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / MODEL_FILE, net.state_dict())
    draft = folder / (CONFIG_FILE + ".making")
    draft.write_text(json.dumps(asdict(net.config), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, folder / CONFIG_FILE)


def load_phone_durations(folder: Path, *, sha256: str | None = None) -> PhoneDurations:
    """The predictor in a folder, ready to answer. Raises BadWeights."""
    tensors = read_tensors(folder / MODEL_FILE, sha256=sha256)
    try:
        plain = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        lips = LipConditionConfig(**plain.pop("lips"))
        config = PhoneDurationConfig(tuple(plain.pop("characters")), tuple(plain.pop("languages")), **plain, lips=lips)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadWeights(f"{folder} holds no duration predictor that fits its {CONFIG_FILE}: {error}") from error
    net = PhoneDurations(config)
    load_strictly(net, tensors, str(folder / MODEL_FILE))
    return net.eval()
