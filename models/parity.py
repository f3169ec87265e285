"""Holds the nets of this project against recorded numbers of the public ones, with weights filled by rule instead of by checkpoint.

Enters: a folder of fixtures, NAME.json (`state_dict`: key → shape) beside NAME.npz (inputs and outputs), and the salt of the rule. Leaves: one row
per output. The nets are in `parity_nets.py`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.parity_nets import CALLS, Fixture, Outputs, differing_keys, filled_by_rule

__all__ = ["AFTER_SOLVER", "ONE_FORWARD", "BadFixture", "ParityRow", "check_folder", "differing_keys", "filled_by_rule"]

ONE_FORWARD, AFTER_SOLVER = 1e-4, 1e-3  # largest error over the standard deviation of the output
_SOLVED = ("x1",)


class BadFixture(ValueError):
    """A fixture that cannot be read. The sentence names the file."""


@dataclass(frozen=True, slots=True)
class ParityRow:
    """`error`: the largest difference over the standard deviation of the recorded output; None where nothing was compared, and
    `note` says why."""

    fixture: str
    form: str
    output: str
    error: float | None
    tolerance: float
    is_ok: bool
    note: str = ""


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
    net = next((known for known in CALLS if name.startswith(known)), None)
    if net is None:
        yield _failure(name, "", f"no net of this project is called “{name}”")
        return
    fixture = _read_fixture(path)
    found = CALLS[net](fixture, salt)
    if isinstance(found, str):
        yield _failure(name, "", found)
        return
    for form, outputs in found.items():
        yield from _compared(name, form, outputs, fixture.arrays)


def _compared(name: str, form: str, outputs: Outputs, arrays: Mapping[str, np.ndarray]) -> Iterator[ParityRow]:
    for output, made in outputs.items():
        recorded, ours = arrays[output].astype(np.float64), made.detach().double().cpu().numpy()
        if recorded.shape != ours.shape:
            yield _failure(name, form, f"{output} has shape {ours.shape} here and {recorded.shape} in the fixture")
            continue
        error, tolerance = float(np.abs(ours - recorded).max() / recorded.std()), AFTER_SOLVER if output in _SOLVED else ONE_FORWARD
        yield ParityRow(name, form, output, error, tolerance, bool(error <= tolerance))


def _failure(name: str, form: str, note: str) -> ParityRow:
    return ParityRow(name, form, "", None, ONE_FORWARD, False, note)


def _read_fixture(path: Path) -> Fixture:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        shapes = {str(key): tuple(int(size) for size in shape) for key, shape in content["state_dict"].items()}
        return Fixture(shapes, _read_arrays(path.with_suffix(".npz")), content.get("config"), content.get("vocab_size"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFixture(f"{path} cannot be read ({error}).") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BadFixture(f"{path} does not say which keys and shapes the net has (a “state_dict” of key → shape is wanted).") from error


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise BadFixture(f"{path} is missing; its numbers belong beside {path.stem}.json.") from error
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise BadFixture(f"{path} is damaged or holds more than arrays of numbers ({error}).") from error
