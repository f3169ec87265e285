"""Euler's method from noise to mel frames, with ZipVoice's guidance rule (papers.md §4.7): a velocity field and noise in, features out.

The field is any function of (time, x) that already applies its own guidance, so `models/speech/guidance.py` and plain ZipVoice share this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

TIME_SHIFT = 0.5
LATE = 0.5  # flow time after which the unguided branch also forgets the speech condition

Field = Callable[[float, Tensor], Tensor]
WhetherCancelled = Callable[[], bool]


class SolverStopped(Exception):
    """The caller asked the solver to stop between two steps."""


def time_steps(steps: int, shift: float = TIME_SHIFT) -> Tensor:
    """0 … 1 in `steps` intervals, shift·t / (1 + (shift − 1)·t): steps + 1 values."""
    if steps < 1:
        raise ValueError(f"A solver needs at least one step, not {steps}.")
    even = torch.linspace(0, 1, steps + 1)
    return shift * even / (1 + (shift - 1) * even)


def intervals(steps: int, shift: float = TIME_SHIFT) -> Iterator[tuple[float, float]]:
    """(time, length) of every Euler step."""
    times = time_steps(steps, shift)
    for here, there in zip(times[:-1], times[1:], strict=True):
        yield float(here), float(there - here)


def solve(field: Field, noise: Tensor, steps: int, *, shift: float = TIME_SHIFT, is_cancelled: WhetherCancelled | None = None) -> Tensor:
    """Features of the shape of `noise`. Raises SolverStopped when `is_cancelled` says so between steps."""
    x = noise
    for time, length in intervals(steps, shift):
        if is_cancelled is not None and is_cancelled():
            raise SolverStopped
        x = x + length * field(time, x)
    return x
