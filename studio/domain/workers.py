"""Processes that do jobs or serve the page, as the administrator and the queue see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.domain.queue import Lane


@dataclass(frozen=True, slots=True)
class Gpu:
    """A device that work takes turns on. `name`: as engines call it ("cuda:0"); `key`: the same for every process that sees it; `label`: for
    people; `total_bytes`: its memory, `used_bytes`: what everybody has taken of it; None where nobody knows."""

    name: str
    key: str
    label: str
    total_bytes: int | None = None
    used_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model in memory. `device`: "cpu" or a GPU's name."""

    name: str
    device: str
    size_bytes: int
    is_in_use: bool


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a process does just now. `lanes`: what its threads take; `metrics`: what it counted so far (`studio/metrics.py`)."""

    lanes: tuple[Lane, ...] = ()
    jobs: tuple[str, ...] = ()
    models: tuple[HeldModel, ...] = ()
    metrics: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WorkerView:
    """`kind`: server or worker; `seen_s`: how long ago it gave a sign of life."""

    id: str
    kind: str
    host: str
    pid: int
    started_at: str
    seen_s: float
    is_alive: bool
    gpus: tuple[Gpu, ...]
    state: WorkerState
