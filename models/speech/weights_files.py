"""Files of weights of the speech nets, and CAM++ out of them: a name or a place in, a file or a net out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from models.checkpoint import BadWeights, load_strictly, read_tensors
from models.public_folders import public_folder
from models.speech.campplus import CamPlus, CamPlusConfig

WEIGHT_KINDS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".model")  # in the order in which they are preferred
_WRAPPED = re.compile(r"^(module|model|speaker_encoder)\.")


def weights_file(place: Path) -> Path:
    """`place` itself where it is a file, else the file of weights in the folder. Raises BadWeights."""
    if place.is_file():
        return place
    found = sorted((path for path in place.glob("*") if path.suffix in WEIGHT_KINDS), key=lambda path: (WEIGHT_KINDS.index(path.suffix), path.name))
    if not found:
        raise BadWeights(f"{place} holds no weights ({', '.join(WEIGHT_KINDS)}); name the file or the folder it is in.")
    return found[0]


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In 32 bits, and without the prefix that trainers put before every key."""
    prefixes = {found.group() if (found := _WRAPPED.match(key)) else "" for key in tensors}
    cut = len(prefixes.pop()) if len(prefixes) == 1 else 0
    return {key[cut:]: value.float() if value.is_floating_point() else value for key, value in tensors.items()}


def open_campplus(place: Path | None = None, *, sha256: str | None = None) -> CamPlus:
    """The speaker net of a file or folder, by default of the fetched “campplus”, in evaluation mode; 192 or 512 wide as its weights are.

    Raises BadWeights."""
    path = weights_file(public_folder("campplus") if place is None else place)
    tensors = unwrapped(read_tensors(path, sha256=sha256))
    last = tensors.get("xvector.dense.linear.weight")
    if last is None or last.ndim != 3:
        raise BadWeights(f"{path} is no CAM++ speaker net: it has no xvector.dense.linear.weight of three axes. Name the weights of one.")
    net = CamPlus(CamPlusConfig(embedding_size=last.shape[0]))
    load_strictly(net, tensors, str(path))
    return net.eval()
