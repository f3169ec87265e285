"""The frozen half of the dual speaker encoder, whichever it is: 16 kHz speech in, a unit vector of the voice out (papers §4.2).

`open_frozen_speaker` tells Resemblyzer's weights from CAM++'s by their keys. Another encoder: a class with `kind`, `width` and `embed`, and a
key by which its weights are known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from models.checkpoint import BadWeights, read_tensors
from models.speech.campplus import CamPlus
from models.speech.fbank import KaldiFbank
from models.speech.voiceprint import open_voiceprint
from models.speech.weights_files import open_campplus, unwrapped, weights_file

_CAMPPLUS_KEY, _VOICEPRINT_KEY = "xvector.dense.linear.weight", "lstm.weight_ih_l0"
_LEAST_SAMPLES = 8_000  # half a second: fewer frames say nothing of a voice


class FrozenSpeaker(Protocol):
    """`kind`: what it is called in a voice's files. `width` of its vectors."""

    kind: str
    width: int

    def embed(self, samples: Tensor) -> Tensor:
        """(samples,) −1..1 at 16 kHz → (width,), unit length. Raises ValueError for a sound without anything in it."""
        ...


class CamPlusSpeaker:
    """CAM++ behind its own spectra; shorter sounds than half a second are repeated."""

    kind = "campplus"

    def __init__(self, net: CamPlus) -> None:
        self._net, self._fbank = net, KaldiFbank()
        self.width = net.config.embedding_size

    @torch.inference_mode()
    def embed(self, samples: Tensor) -> Tensor:
        if not len(samples) or not bool(samples.any()):
            raise ValueError("This sound is silent; a voice cannot be known from it. Choose one with a few seconds of speech.")
        heard = samples.repeat(-(-_LEAST_SAMPLES // len(samples)))
        return F.normalize(self._net(self._fbank(heard[None]))[0], dim=0)


def open_frozen_speaker(place: Path, *, sha256: str | None = None) -> FrozenSpeaker:
    """The encoder in a file, or in the one file of weights of a folder. Raises BadWeights where it is neither of the two."""
    path = weights_file(place)
    keys = unwrapped(read_tensors(path, sha256=sha256)).keys()
    if _CAMPPLUS_KEY in keys:
        return CamPlusSpeaker(open_campplus(path, sha256=sha256))
    if _VOICEPRINT_KEY in keys:
        return open_voiceprint(path, sha256=sha256)
    raise BadWeights(f"{path} is no speaker encoder that is known here (Resemblyzer or CAM++); name the weights of one.")
