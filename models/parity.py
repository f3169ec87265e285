"""Holds the nets of this project against recorded numbers of the public ones, with weights filled by rule instead of by checkpoint.

Enters: a folder of fixtures, NAME.json (`state_dict`: key → shape) beside NAME.npz (inputs and outputs), and the salt of the rule. Leaves: one row
per output. A net joins by a function in `_CALLS`: from the fixture and the salt to its outputs by name, for every form it has.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.sync.folded import FoldedSyncNet
from models.sync.syncnet import SyncNet

ONE_FORWARD = 1e-4  # largest error over the standard deviation of the output
_NOT_HERE_YET = ("zipvoice", "campplus", "vocos")

Outputs = Mapping[str, Tensor]
Arrays = Mapping[str, np.ndarray]
Shapes = Mapping[str, tuple[int, ...]]


class BadFixture(ValueError):
    """A fixture that cannot be read. The sentence names the file."""


@dataclass(frozen=True, slots=True)
class ParityRow:
    """`error`: the largest difference over the standard deviation of the recorded output; None where nothing was compared, and
    `note` says why. `is_ok` None: the net is not here yet, which is no failure."""

    fixture: str
    form: str
    output: str
    error: float | None
    tolerance: float
    is_ok: bool | None
    note: str = ""


def filled_by_rule(state: Mapping[str, Tensor], *, salt: str = "") -> dict[str, Tensor]:
    """The state dict with every floating-point entry drawn anew, but for keys that end in `window` or `fb`, which are tables.

    Matrices keep the variance of their input, norms stay near one, all else is small. Every draw depends on its key and the salt alone."""
    return {
        key: value if not value.is_floating_point() or key.endswith(("window", "fb")) else _drawn(key, tuple(value.shape), salt).to(value)
        for key, value in state.items()
    }


def check_folder(folder: Path, *, salt: str = "") -> Iterator[ParityRow]:
    """Every fixture of a folder, in order of name. Raises BadFixture for a folder or a file that cannot be read."""
    if not folder.is_dir():
        raise BadFixture(f"{folder} is no folder; name one that holds fixtures (NAME.json beside NAME.npz).")
    described = sorted(folder.glob("*.json"))
    if not described:
        raise BadFixture(f"{folder} holds no fixtures (NAME.json beside NAME.npz); name another folder.")
    for path in described:
        yield from _check_one(path, salt)


def _check_one(path: Path, salt: str) -> Iterator[ParityRow]:
    name = path.stem
    net = next((known for known in _CALLS if name.startswith(known)), None)
    if net is None:
        if name.startswith(_NOT_HERE_YET):
            yield ParityRow(name, "", "", None, ONE_FORWARD, None, "not here yet")
        else:
            yield _failure(name, "", f"no net of this project is called “{name}”")
        return
    shapes, arrays = _read_shapes(path), _read_arrays(path.with_suffix(".npz"))
    found = _CALLS[net](shapes, arrays, salt)
    if isinstance(found, str):
        yield _failure(name, "", found)
        return
    for form, outputs in found.items():
        yield from _compared(name, form, outputs, arrays)


def _compared(name: str, form: str, outputs: Outputs, arrays: Arrays) -> Iterator[ParityRow]:
    for output, made in outputs.items():
        recorded, ours = arrays[output].astype(np.float64), made.detach().double().cpu().numpy()
        if recorded.shape != ours.shape:
            yield _failure(name, form, f"{output} has shape {ours.shape} here and {recorded.shape} in the fixture")
            continue
        error = float(np.abs(ours - recorded).max() / recorded.std())
        yield ParityRow(name, form, output, error, ONE_FORWARD, bool(error <= ONE_FORWARD))


def _failure(name: str, form: str, note: str) -> ParityRow:
    return ParityRow(name, form, "", None, ONE_FORWARD, False, note)


def differing_keys(expected: Shapes, state: Mapping[str, Tensor]) -> str:
    """What a fixture's keys and shapes have that a net's do not, and the other way round; "" where they agree."""
    ours = {key: tuple(value.shape) for key, value in state.items()}
    said = [f"“{key}” is missing here" for key in expected if key not in ours]
    said += [f"“{key}” is not in the fixture" for key in ours if key not in expected]
    said += [f"“{key}” is {ours[key]} here and {shape} in the fixture" for key, shape in expected.items() if key in ours and ours[key] != shape]
    return "; ".join(said)


def _syncnet(shapes: Shapes, arrays: Arrays, salt: str) -> Mapping[str, Outputs] | str:
    net = SyncNet()
    if said := differing_keys(shapes, net.state_dict()):
        return said
    wanted = {"mfcc": 4, "lips": 5, "audio_embedding": 2, "lip_embedding": 2, "lip_features": 2}
    if missing := [key for key, axes in wanted.items() if key not in arrays or arrays[key].ndim != axes]:
        return f"the fixture's arrays lack {', '.join(missing)}, or give them another number of axes"
    if spare := sorted(set(arrays) - set(wanted)):
        return f"the fixture holds {', '.join(spare)}, which this net has no call for"
    net.load_state_dict(filled_by_rule(net.state_dict(), salt=salt))
    forms = {"as published": net.eval(), "folded": FoldedSyncNet(net)}
    with torch.inference_mode():
        mfcc, lips = torch.from_numpy(arrays["mfcc"]).float(), torch.from_numpy(arrays["lips"])
        return {
            name: {"audio_embedding": form.sound(mfcc), "lip_embedding": form.lips(lips), "lip_features": form.lip_features(lips)}
            for name, form in forms.items()
        }


# by how a fixture's name begins; what a net cannot be run on is answered with a sentence
_CALLS: Mapping[str, Callable[[Shapes, Arrays, str], Mapping[str, Outputs] | str]] = {"syncnet": _syncnet}


def _drawn(key: str, shape: tuple[int, ...], salt: str) -> Tensor:
    values = np.asarray(np.random.RandomState(zlib.crc32((salt + key).encode())).standard_normal(shape))
    if key.endswith("running_var"):
        values = 1 + 0.1 * np.abs(values)
    elif len(shape) >= 2:
        values = values * prod(shape[1:]) ** -0.5
    elif len(shape) == 1 and key.endswith("weight"):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(np.asarray(values))


def _read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): tuple(int(size) for size in shape) for key, shape in content["state_dict"].items()}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFixture(f"{path} cannot be read ({error}).") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadFixture(f"{path} does not say which keys and shapes the net has (a “state_dict” of key → shape is wanted).") from error


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise BadFixture(f"{path} is missing; its numbers belong beside {path.stem}.json.") from error
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise BadFixture(f"{path} is damaged or holds more than arrays of numbers ({error}).") from error
