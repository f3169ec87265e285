"""How much memory weights will take, from their files alone: headers are read, tensors are not. And what an open net takes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import Module

_FLOATS = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.model")
MAX_HEADER_BYTES = 100 * 2**20


def weights_bytes(folders: Iterable[Path], *, float_bytes: int | None = None) -> int:
    """Of all weights in these folders (or of a file). `float_bytes`: what a floating-point number takes once it is in memory; None: as in
    the file. Where a folder holds the same weights in two formats, the safetensors count."""
    total = 0
    for place in folders:
        files = [place] if place.is_file() else next((found for kind in _WEIGHTS if (found := sorted(place.glob(kind)))), [])
        total += sum(_file_bytes(file, float_bytes) for file in files)
    return total


def weights_folder(model: str) -> Path | None:
    """A folder, or where the hub's cache on this machine has a hub id; None for one that was not fetched yet. No network is asked."""
    if Path(model).is_dir():
        return Path(model)
    if find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return None


def nets_bytes(nets: Iterable[Module]) -> int:
    """What the parameters and buffers of open nets take; tensors that several of them share count once."""
    tensors = {id(tensor): tensor for net in nets for tensor in (*net.parameters(), *net.buffers())}
    return sum(tensor.nbytes for tensor in tensors.values())


def _file_bytes(path: Path, float_bytes: int | None) -> int:
    if path.suffix != ".safetensors" or float_bytes is None:
        return path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, MAX_HEADER_BYTES)))
        return sum(_tensor_bytes(entry, float_bytes) for name, entry in header.items() if name != "__metadata__")
    except (ValueError, LookupError, TypeError, AttributeError):  # a damaged file; opening it will say what is wrong
        return path.stat().st_size


def _tensor_bytes(entry: dict, float_bytes: int) -> int:
    first, last = entry["data_offsets"]
    return math.prod(entry["shape"]) * float_bytes if entry["dtype"] in _FLOATS else last - first
