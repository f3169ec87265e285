"""How the public code scores a take from its crops: its own net, MFCC and distances, in the order and the batches it has them.

Enter a checkout of joonson/syncnet_python (and a folder with python_speech_features, where that is not installed), or nothing for our
plain form of the same steps. Leaves LSE-C, LSE-D and offset of crops and sound. Nothing of the checkout is installed or shipped.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.parts.mfcc import Mfcc
from models.sync.syncnet import SyncNet

_BATCH = 20
_SHIFT = 15


class PeerFailed(Exception):
    """The checkout is not there or lacks something. The sentence says what."""


@dataclass(frozen=True, slots=True)
class PlainScore:
    lse_c: float
    lse_d: float
    offset_frames: int


@dataclass(frozen=True, slots=True)
class PublicForm:
    """`mfcc`: int16 samples → (columns, 13); `distances`: two streams of embeddings → one tensor of 31 per window."""

    name: str
    lips: Callable[[Tensor], Tensor]
    sound: Callable[[Tensor], Tensor]
    mfcc: Callable[[np.ndarray], np.ndarray]
    distances: Callable[[Tensor, Tensor], Sequence[Tensor]]

    def score(self, crops: np.ndarray, samples: np.ndarray) -> PlainScore:
        """Crops uint8 (frames, 224, 224, 3) and int16 samples, every step as published, gradients being recorded included."""
        pictures = np.transpose(np.expand_dims(np.stack(list(crops), axis=3), axis=0), (0, 3, 4, 1, 2))
        seen = torch.from_numpy(pictures.astype(float)).float()
        heard = torch.from_numpy(np.ascontiguousarray(self.mfcc(samples).T[None, None]).astype(float)).float()
        last = min(len(crops), len(samples) // 640) - 5
        lips, sound = [], []
        for start in range(0, last, _BATCH):
            frames = range(start, min(last, start + _BATCH))
            lips.append(self.lips(torch.cat([seen[:, :, frame : frame + 5] for frame in frames], 0)).data)
            sound.append(self.sound(torch.cat([heard[:, :, :, 4 * frame : 4 * frame + 20] for frame in frames], 0)).data)
        means = torch.stack(list(self.distances(torch.cat(lips, 0), torch.cat(sound, 0))), 1).mean(1)
        least, place = torch.min(means, 0)
        return PlainScore(float(torch.median(means) - least), float(least), _SHIFT - int(place))


def own_plain_form(net: SyncNet) -> PublicForm:
    """The same steps with our net, without any of the fast paths."""
    to_mfcc = Mfcc()

    def mfcc(samples: np.ndarray) -> np.ndarray:
        return to_mfcc(torch.from_numpy(samples.astype(np.float64))[None])[0].numpy()

    return PublicForm("our plain form", net.lips, net.sound, mfcc, _window_by_window)


def public_form(folders: Sequence[Path], state: Mapping[str, Tensor]) -> PublicForm:
    """The public code of a checkout, holding the given weights. Raises PeerFailed."""
    home = next((folder for folder in folders if (folder / "SyncNetInstance.py").is_file()), None)
    if home is None:
        raise PeerFailed(f"{', '.join(map(str, folders))} holds no SyncNetInstance.py; give a checkout of joonson/syncnet_python.")
    sys.path += [str(folder.resolve()) for folder in folders]
    try:
        model, instance = importlib.import_module("SyncNetModel"), importlib.import_module("SyncNetInstance")
        speech = importlib.import_module("python_speech_features")
    except ImportError as error:
        raise PeerFailed(f"The public code does not start: {error}. Install what it needs into a folder and name that behind --peer too.") from error
    net: nn.Module = model.S()
    net.load_state_dict(dict(state))
    net.eval()
    return PublicForm(
        f"syncnet_python{_commit(home)}", net.forward_lip, net.forward_aud, lambda samples: speech.mfcc(samples, 16_000),
        lambda lips, sound: instance.calc_pdist(lips, sound, vshift=_SHIFT),
    )  # fmt: skip


def _window_by_window(lips: Tensor, sound: Tensor) -> Sequence[Tensor]:
    padded = nn.functional.pad(sound, (0, 0, _SHIFT, _SHIFT))
    offsets = 2 * _SHIFT + 1
    return [nn.functional.pairwise_distance(lip.expand(offsets, -1), padded[at : at + offsets]) for at, lip in enumerate(lips)]


def _commit(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    argv = ["git", "rev-parse", "--short", "HEAD"]
    return f" at {subprocess.run(argv, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True).stdout.strip()}"
