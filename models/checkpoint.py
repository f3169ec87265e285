"""The only file that opens weights: safetensors, or legacy pickles with `weights_only=True`; strict keys, checked sha256.

`weights/weights.toml` names what is bundled and what large public weights may be fetched; add an entry there. An adapter is opened
over the base it was trained on and over no other.
"""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import struct
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.out_of_memory import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig, PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
MANIFEST = WEIGHTS_FOLDER / "weights.toml"
MODEL_FILE, ADAPTER_FILE, ADAPTER_CONFIG = "model.safetensors", "adapter_model.safetensors", "adapter_config.json"
BASE_RECORD = "lipline_base.json"  # in an adapter's folder: which base it was trained on, by name and sha256
_JUNK = (pickle.UnpicklingError, struct.error, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError)  # what bytes at random meet in the unpickler


class BadWeights(Exception):
    """A file of weights that is missing, altered, or does not fit its net. The sentence names the file."""


@dataclass(frozen=True, slots=True)
class BundledWeights:
    """Weights that travel with the project. `folder` lies in `models/weights`; `sha256` is that of its `file`.
    `base`: for an adapter, the name of the bundled model that it belongs to; None for a model of its own.
    `pairs`, `draft_pairs`: directions it translates ("zh-en"), well or as a rough draft; both empty: all pairs of `languages`."""

    name: str
    task: str
    folder: str
    file: str
    sha256: str
    licence: str
    languages: tuple[str, ...] = ()
    form: str = ""
    base: str | None = None
    pairs: tuple[str, ...] = ()
    draft_pairs: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return WEIGHTS_FOLDER / self.folder / self.file


@dataclass(frozen=True, slots=True)
class PublicWeights:
    """Large public weights, fetched on demand by their hub id and never committed. `files`: those wanted, by their paths in the hub's
    folder; empty: safetensors and what describes them."""

    name: str
    task: str
    hub_id: str
    licence: str
    files: tuple[str, ...] = ()

    def cached_folder(self) -> Path | None:
        """Where the hub's cache on this machine has all of `files` (or, where none are named, the config); None where it has not."""
        from huggingface_hub import try_to_load_from_cache

        found = [try_to_load_from_cache(self.hub_id, file) for file in self.files or ("config.json",)]
        return Path(found[0]).parent if all(isinstance(one, str) for one in found) else None


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

    def find_public(self, name: str) -> PublicWeights:
        """Raises BadWeights when no public weights have that name."""
        for entry in self.public:
            if entry.name == name:
                return entry
        raise BadWeights(f"{MANIFEST.name} names no public weights “{name}”; `python -m studio models` lists them.")

    def place_of(self, name: str) -> LanguageModelPlace:
        """Where `open_language_model` finds a bundled model, or a bundled adapter together with its base."""
        entry = self.find_bundled(name)
        if entry.base is None:
            return LanguageModelPlace(str(entry.path.parent), sha256=entry.sha256)
        base = self.find_bundled(entry.base)
        if base.base is not None:
            raise BadWeights(f"{MANIFEST.name} puts the adapter “{name}” over “{base.name}”, which is an adapter itself.")
        return LanguageModelPlace(str(base.path.parent), str(entry.path.parent), base.sha256, adapter_sha256=entry.sha256)


def read_manifest(path: Path = MANIFEST) -> WeightsManifest:
    return _manifest(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=4)  # the same text, the same manifest: voices are listed at every look at a page
def _manifest(text: str) -> WeightsManifest:
    content = tomllib.loads(text)
    bundled, public = (
        [{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()} for entry in content.get(kind, [])]
        for kind in ("bundled", "public")
    )
    return WeightsManifest(tuple(BundledWeights(**entry) for entry in bundled), tuple(PublicWeights(**entry) for entry in public))


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
    """All tensors of a file, on the CPU. `sha256`, where given, is checked first. Raises BadWeights when it cannot be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if sha256 is not None:
        check_sha256(path, sha256)
    if not path.is_file():
        raise BadWeights(f"{path} is missing; fetch or copy it there.")
    if path.suffix != ".safetensors":
        return _tensors_in(_unpickled(path), path)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise BadWeights(f"{path} is damaged and cannot be read ({error}); fetch or copy it again.") from error


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Safetensors, written beside and moved into place."""
    from safetensors.torch import save_file

    beside = path.with_name(path.name + ".making")
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, beside)
    beside.replace(path)


def load_strictly(net: torch.nn.Module, tensors: dict[str, torch.Tensor], origin: str) -> None:
    """Put tensors into a net; every key and shape must match both ways. `origin` is named in the BadWeights raised otherwise."""
    wanted = net.state_dict()
    missing, unexpected = [key for key in wanted if key not in tensors], [key for key in tensors if key not in wanted]
    if missing or unexpected:
        wrong = [f"{len(keys)} {kind} (such as {keys[0]})" for kind, keys in (("missing", missing), ("unexpected", unexpected)) if keys]
        raise BadWeights(f"{origin} does not fit the net: of its tensors {' and '.join(wrong)}. Name the weights of this net.")
    for key, tensor in tensors.items():
        shapes = tuple(wanted[key].shape), tuple(tensor.shape)
        if shapes[0] != shapes[1]:
            raise BadWeights(f"{origin} does not fit the net: {key} is {shapes[1]} and should be {shapes[0]}. Name the weights of this net.")
    try:
        net.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise BadWeights(f"{origin} does not fit the net: {_first_line(error)}") from error


@dataclass(frozen=True, slots=True)
class LanguageModelPlace:
    """Where a causal language model is. `model`: a folder or a hub id; `adapter`: a folder of PEFT weights or a hub id, or None.
    `sha256`: of the folder's model.safetensors, or None; `adapter_sha256`: of adapter_model.safetensors, or None.
    `may_download`: whether the hub may be asked."""

    model: str
    adapter: str | None = None
    sha256: str | None = None
    may_download: bool = False
    adapter_sha256: str | None = None


def open_language_model(place: LanguageModelPlace, device: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A causal model in evaluation mode and its tokenizer, an adapter merged into it; float32 on a CPU, the weights' own
    precision elsewhere.

    Raises BadWeights for altered or damaged files, keys that do not match, and an adapter of another base; OSError where the files
    are not to be had. That memory ran out is raised as torch says it (`is_out_of_memory`): the weights are then not at fault.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    if place.sha256 is not None:
        check_sha256(Path(place.model) / MODEL_FILE, place.sha256)
    for described in ("config.json", "tokenizer.json"):
        _check_json(Path(place.model) / described)
    asked = {"local_files_only": not place.may_download, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(place.model, **asked)
    dtype = torch.float32 if device == "cpu" else "auto"
    try:
        model, report = AutoModelForCausalLM.from_pretrained(place.model, dtype=dtype, use_safetensors=True, output_loading_info=True, **asked)
    except (SafetensorError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise BadWeights(f"The weights of {place.model} are damaged or do not fit its configuration ({error}); fetch them again.") from error
    wrong = {kind: sorted(map(str, keys)) for kind, keys in report.items() if keys and kind != "error_msgs"}
    if wrong:
        raise BadWeights(f"The weights of {place.model} do not fit its configuration: {wrong}")
    if place.adapter is not None:
        model = attach_adapter(model, place).merge_and_unload()
    return model.to(device).eval(), tokenizer


def attach_adapter(model: PreTrainedModel, place: LanguageModelPlace, *, is_trainable: bool = False) -> PeftModel:
    """The model of `place.model` with the adapter of `place.adapter` on it, every tensor of the adapter used and none missing.

    Raises BadWeights for an adapter that was trained on another base (both are named) or that is no safetensors.
    """
    from peft import PeftConfig, get_peft_model, set_peft_model_state_dict

    folder = _adapter_folder(place)
    _check_json(folder / ADAPTER_CONFIG)
    try:
        config = PeftConfig.from_pretrained(str(folder))
    except (TypeError, ValueError, KeyError) as error:
        raise BadWeights(f"{folder / ADAPTER_CONFIG} does not describe an adapter ({error}).") from error
    if config.peft_type is None:
        raise BadWeights(f"{folder / ADAPTER_CONFIG} does not describe an adapter: it names no peft_type.")
    trained_on = _checked_base(folder, config, place)
    tensors = read_tensors(folder / ADAPTER_FILE, sha256=place.adapter_sha256)
    config.inference_mode, config.base_model_name_or_path = not is_trainable, None  # peft puts in where the base lies here
    try:
        adapted = get_peft_model(model, config)
        result = set_peft_model_state_dict(adapted, tensors)
    except (RuntimeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise _other_base(folder, trained_on, place.model, f"its weights do not fit: {error}") from error
    own = [key for key in result.missing_keys if config.peft_type.lower() in key]
    if own or result.unexpected_keys:
        wrong = {"missing": own, "unexpected": result.unexpected_keys}
        raise _other_base(folder, trained_on, place.model, f"its weights do not fit: {wrong}")
    return adapted


def save_adapter(model: PeftModel, folder: Path, base_name: str, base_sha256: str | None) -> None:
    """Write the adapter of a PEFT model, and which base it belongs to, so that `open_language_model` refuses any other.

    `base_name`: the bundled name, hub id or folder of the base; `base_sha256`: `weights_sha256` of its folder, or None when not known.
    """
    from peft import get_peft_model_state_dict

    folder.mkdir(parents=True, exist_ok=True)
    config = copy.copy(model.peft_config[model.active_adapter])
    config.base_model_name_or_path, config.inference_mode = base_name, True
    beside = folder / "making"
    config.save_pretrained(str(beside))
    (beside / BASE_RECORD).write_text(json.dumps({"name": base_name, "sha256": base_sha256}, indent=2) + "\n", encoding="utf-8")
    write_tensors(beside / ADAPTER_FILE, get_peft_model_state_dict(model, save_embedding_layers=False))
    for made in (ADAPTER_CONFIG, BASE_RECORD, ADAPTER_FILE):
        (beside / made).replace(folder / made)
    beside.rmdir()


def weights_sha256(folder: Path) -> str:
    """One sha256 for a model's folder: that of its model.safetensors, or one over those of its shards. Reads every byte."""
    whole = folder / MODEL_FILE
    if whole.is_file():
        return sha256_of(whole)
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise BadWeights(f"{folder} holds no .safetensors file; name the folder of a model.")
    return hashlib.sha256("".join(f"{shard.name} {sha256_of(shard)}\n" for shard in shards).encode()).hexdigest()


def _adapter_folder(place: LanguageModelPlace) -> Path:
    if Path(place.adapter).is_dir():
        folder = Path(place.adapter)
    else:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        try:
            folder = Path(snapshot_download(place.adapter, local_files_only=not place.may_download, allow_patterns=["*.json", "*.safetensors"]))
        except (HFValidationError, LocalEntryNotFoundError) as error:
            raise BadWeights(f"{place.adapter} is neither a folder here nor an adapter fetched before; name another.") from error
    if not (folder / ADAPTER_FILE).is_file():
        raise BadWeights(f"{folder} holds no {ADAPTER_FILE}; adapters are opened from safetensors only, so convert or fetch it as such.")
    return folder


def _checked_base(folder: Path, config: PeftConfig, place: LanguageModelPlace) -> str | None:
    """The name of the adapter's base, once it is known to be that of `place`. Checked by the recorded sha256 where there is one, else by name: the last part of a path or hub id."""
    record = folder / BASE_RECORD
    if record.is_file():
        _check_json(record)
        named = json.loads(record.read_text(encoding="utf-8"))
        expected = named.get("sha256")
        if expected is not None:
            if expected != _base_sha256(place):
                raise _other_base(folder, named.get("name"), place.model, "the sha256 of the base's weights differs")
            return named.get("name")
    name = config.base_model_name_or_path
    if name and _short_name(name) != _short_name(place.model):
        why = f"if the two are the same weights, put the latter name into its {ADAPTER_CONFIG} as base_model_name_or_path"
        raise _other_base(folder, name, place.model, why)
    return name


def _base_sha256(place: LanguageModelPlace) -> str:
    if place.sha256 is not None:  # checked when the model was opened
        return place.sha256
    if Path(place.model).is_dir():
        return weights_sha256(Path(place.model))
    from huggingface_hub import snapshot_download

    return weights_sha256(Path(snapshot_download(place.model, local_files_only=True)))


def _short_name(model: str) -> str:
    """The last part of a folder or hub id, in small letters; of a snapshot in the hub's cache, the model's own name."""
    parts = [part for part in model.replace("\\", "/").split("/") if part]
    cached = [part for part in parts if part.startswith("models--")]
    return (cached[-1].split("--")[-1] if cached else parts[-1]).lower()


def _other_base(folder: Path, trained_on: str | None, asked: str, why: str) -> BadWeights:
    return BadWeights(
        f"The adapter {folder} was trained on “{trained_on or 'a base it does not name'}” and cannot be put on “{asked}”; "
        f"open it over its own base ({why})."
    )


def _check_json(path: Path) -> None:
    """Raises BadWeights when a file that is there is no JSON: the libraries that read it would say so in their own words, or none."""
    try:
        if path.is_file():
            json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadWeights(f"{path} is damaged and cannot be read ({error}); fetch or copy it again.") from error


def _tensors_in(content: Any, path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a pickle, bare or under “state_dict” or “model_state” as trainers write them."""
    import torch

    tensors = content.get("state_dict", content.get("model_state", content)) if isinstance(content, dict) else content
    if not isinstance(tensors, dict) or not all(isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in tensors.items()):
        raise BadWeights(f"{path} holds no table of tensors by name, so these are not the weights of a net; name another file.")
    return tensors


def _first_line(error: BaseException) -> str:
    """The libraries' errors go on for pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _unpickled(path: Path) -> Any:
    """Tensors, numbers, lists and dicts only: nothing in the file is run."""
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except _JUNK as error:
        if is_out_of_memory(error):
            raise
        raise BadWeights(f"{path} is damaged, or holds more than tensors and numbers, and is not read; fetch or copy it again.") from error


def read_training_state(path: Path) -> dict[str, Any]:
    """A recipe's resumable state (tensors, numbers, lists and dicts only), on the CPU. Raises BadWeights for a damaged file."""
    return _unpickled(path)


def write_training_state(path: Path, state: dict[str, Any]) -> None:
    """Written beside, then moved into place: a killed run leaves the former state whole."""
    import torch

    beside = path.with_name(path.name + ".making")
    torch.save(state, beside)
    beside.replace(path)
