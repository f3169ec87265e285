"""The only file that opens weights: safetensors, or legacy pickles with `weights_only=True`; strict keys, checked sha256.

`weights/weights.toml` names what is bundled and what large public weights may be fetched; add an entry there.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
MANIFEST = WEIGHTS_FOLDER / "weights.toml"


class BadWeights(Exception):
    """A file of weights that is missing, altered, or does not fit its net. The sentence names the file."""


@dataclass(frozen=True, slots=True)
class BundledWeights:
    """Weights that travel with the project. `folder` lies in `models/weights`; `sha256` is that of its `file`."""

    name: str
    task: str
    folder: str
    file: str
    sha256: str
    licence: str
    languages: tuple[str, ...] = ()
    form: str = ""

    @property
    def path(self) -> Path:
        return WEIGHTS_FOLDER / self.folder / self.file


@dataclass(frozen=True, slots=True)
class PublicWeights:
    """Large public weights, fetched on demand by their hub id and never committed."""

    name: str
    task: str
    hub_id: str
    licence: str


@dataclass(frozen=True, slots=True)
class WeightsManifest:
    bundled: tuple[BundledWeights, ...]
    public: tuple[PublicWeights, ...]

    def find_bundled(self, name: str) -> BundledWeights:
        """Raises BadWeights when no bundled weights have that name."""
        for entry in self.bundled:
            if entry.name == name:
                return entry
        raise BadWeights(f"{MANIFEST.name} names no bundled weights “{name}”.")


def read_manifest(path: Path = MANIFEST) -> WeightsManifest:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    bundled = [BundledWeights(**{**entry, "languages": tuple(entry.get("languages", ()))}) for entry in content.get("bundled", [])]
    return WeightsManifest(tuple(bundled), tuple(PublicWeights(**entry) for entry in content.get("public", [])))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, expected: str) -> None:
    """Raises BadWeights when the file is not there or is not the one that was named."""
    if not path.is_file():
        raise BadWeights(f"{path} is missing; fetch or copy it there.")
    if sha256_of(path) != expected:
        raise BadWeights(f"{path} is not the file it should be (its sha256 differs); fetch it again.")


def read_tensors(path: Path, *, sha256: str | None = None) -> dict[str, torch.Tensor]:
    """All tensors of a file, on the CPU. `sha256`, where given, is checked first."""
    import torch
    from safetensors.torch import load_file

    if sha256 is not None:
        check_sha256(path, sha256)
    if path.suffix == ".safetensors":
        return load_file(path)
    content = torch.load(path, map_location="cpu", weights_only=True)
    return content.get("state_dict", content)


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Safetensors, written beside and moved into place."""
    from safetensors.torch import save_file

    beside = path.with_name(path.name + ".making")
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, beside)
    beside.replace(path)


def load_strictly(net: torch.nn.Module, tensors: dict[str, torch.Tensor], origin: str) -> None:
    """Put tensors into a net; every key must match both ways. `origin` is named in the BadWeights raised otherwise."""
    try:
        net.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise BadWeights(f"{origin} does not fit the net: {error}") from error


@dataclass(frozen=True, slots=True)
class LanguageModelPlace:
    """Where a causal language model is. `model`: a folder or a hub id; `adapter`: a folder of PEFT weights, or None.
    `sha256`: of the folder's model.safetensors, or None. `may_download`: whether the hub may be asked."""

    model: str
    adapter: str | None = None
    sha256: str | None = None
    may_download: bool = False


def open_language_model(place: LanguageModelPlace, device: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A causal model in evaluation mode and its tokenizer; float32 on a CPU, the weights' own precision elsewhere.

    Raises BadWeights for altered files or keys that do not match, OSError where the files are not to be had.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    if place.sha256 is not None:
        check_sha256(Path(place.model) / "model.safetensors", place.sha256)
    asked = {"local_files_only": not place.may_download, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(place.model, **asked)
    dtype = torch.float32 if device == "cpu" else "auto"
    model, report = AutoModelForCausalLM.from_pretrained(place.model, dtype=dtype, use_safetensors=True, output_loading_info=True, **asked)
    wrong = {kind: sorted(map(str, keys)) for kind, keys in report.items() if keys and kind != "error_msgs"}
    if wrong:
        raise BadWeights(f"The weights of {place.model} do not fit its configuration: {wrong}")
    if place.adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, place.adapter).merge_and_unload()
    return model.to(device).eval(), tokenizer


def read_training_state(path: Path) -> dict[str, Any]:
    """A recipe's resumable state (tensors, numbers, lists and dicts only), on the CPU."""
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def write_training_state(path: Path, state: dict[str, Any]) -> None:
    """Written beside, then moved into place: a killed run leaves the former state whole."""
    import torch

    beside = path.with_name(path.name + ".making")
    torch.save(state, beside)
    beside.replace(path)
