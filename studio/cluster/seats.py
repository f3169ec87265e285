"""Which seats for workers a cluster offers: its nodes in, seats out. Pure; `pool.py` fills them.

A node with GPUs has a seat for each; one with processors alone has `per_node` of them; one that offers neither (a head that only directs) has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster, as far as it is alive. `gpus`, `cpus`: what it offers in all."""

    id: str
    gpus: int
    cpus: float


@dataclass(frozen=True, slots=True)
class Seat:
    """A place for one worker. `gpus` 0 or 1; `cpus`: the share of its node that the worker takes."""

    node_id: str
    number: int
    gpus: int
    cpus: float


def seats(nodes: Iterable[Node], *, per_node: int = 1) -> tuple[Seat, ...]:
    """All seats, node by node.

    >>> [(seat.number, seat.gpus, seat.cpus) for seat in seats([Node("a", 2, 16.0)])]
    [(0, 1, 8.0), (1, 1, 8.0)]
    >>> [(seat.number, seat.gpus, seat.cpus) for seat in seats([Node("b", 0, 3.0), Node("head", 0, 0.0)], per_node=2)]
    [(0, 0, 1.0), (1, 0, 1.0)]
    """
    return tuple(seat for node in nodes for seat in _of(node, per_node))


def _of(node: Node, per_node: int) -> Iterable[Seat]:
    count = node.gpus if node.gpus else per_node if node.cpus > 0 else 0
    gpus = 1 if node.gpus else 0
    cpus = _share(node.cpus, count)
    return (Seat(node.id, number, gpus, cpus) for number in range(count))


def _share(cpus: float, count: int) -> float:
    """Ray lends processors in whole numbers, or a part of one."""
    if not count:
        return 0.0
    share = cpus / count
    return float(int(share)) if share >= 1 else share
