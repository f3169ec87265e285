"""How much memory weights will take, from their files alone: headers are read, tensors are not."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

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
