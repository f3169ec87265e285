"""A worker in every seat of a Ray cluster, for as long as the block lasts. Enter: an address and how a worker begins. Leaves: nothing.

Ray places the workers and tells when one is lost; the queue stays in the database, from which each worker takes its jobs itself, so that a lost
machine is a dead worker like any other and its job is taken over once. Ray sends `begin` to the machines in its own wire format (pickles): whoever
reaches a Ray cluster's ports can run anything on it, so its network must be closed to others.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from studio.cluster.seats import Node, Seat, seats
from studio.cluster.settings import engine_settings
from studio.domain.errors import BadSetting, EngineUnavailable, StudioError

LOOK_EVERY_S = 1.0
REACH_S = 5.0
BEGIN_S = 120.0  # a machine that opens a studio for the first time imports a lot
TRY_AGAIN_S = 30.0  # after a worker could not begin
_REPOSITORY = str(Path(__file__).resolve().parents[2])
_LOG = logging.getLogger(__name__)


class Running(Protocol):
    """A worker that has begun."""

    def close(self) -> None: ...


Begin = Callable[[], Running]  # a function or record of a module that every machine has


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """`address`: "host:6379" of the head, "auto" for the cluster this machine belongs to, or "ray://host:10001". `per_node`: workers on a machine
    without GPUs; those with GPUs get one for each."""

    address: str
    per_node: int = 1


class _Worker:
    """What stands in a seat."""

    def __init__(self, begin: Begin) -> None:
        self._over = threading.Event()
        try:
            self._running = begin()
        except StudioError as error:
            raise RuntimeError(str(error)) from None  # its own class may not survive the way

    def stay(self) -> None:
        """Returns when the worker was closed; breaks off when it, or its machine, is lost."""
        self._over.wait()

    def close(self) -> None:
        self._running.close()
        self._over.set()


@dataclass(slots=True)
class _Taken:
    actor: Any
    stays: Any


class Pool:
    """The seats that are taken. `look` is called again and again: machines come and go."""

    def __init__(self, ray: Any, plan: ClusterPlan, begin: Begin) -> None:
        self._ray, self._plan, self._begin = ray, plan, begin
        self._taken: dict[Seat, _Taken] = {}
        self._not_before: dict[Seat, float] = {}
        self.trouble = ""

    @property
    def count(self) -> int:
        return len(self._taken)

    def look(self) -> None:
        """Drop workers that are lost, and put one into each free seat of a machine that is alive."""
        for seat in self._lost():
            self._drop(seat)
        wanted = seats(_nodes(self._ray), per_node=self._plan.per_node)
        for seat in wanted:
            if seat not in self._taken and time.monotonic() >= self._not_before.get(seat, 0.0):
                self._taken[seat] = self._sat(seat)
        for seat in [seat for seat in self._taken if seat not in wanted]:
            self._drop(seat)

    def close(self) -> None:
        """Workers put their jobs back into the queue, and end."""
        closing = [taken.actor.close.remote() for taken in self._taken.values()]
        self._ray.wait(closing, num_returns=len(closing), timeout=10.0) if closing else None
        for seat in list(self._taken):
            self._drop(seat)

    def _sat(self, seat: Seat) -> _Taken:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(seat.node_id, soft=False)
        options = {"num_cpus": seat.cpus, "num_gpus": seat.gpus, "max_concurrency": 4, "max_restarts": 0, "scheduling_strategy": there}
        actor = self._ray.remote(_Worker).options(**options).remote(self._begin)
        return _Taken(actor, actor.stay.remote())

    def _lost(self) -> list[Seat]:
        by_ref = {taken.stays: seat for seat, taken in self._taken.items()}
        done, _ = self._ray.wait(list(by_ref), num_returns=len(by_ref), timeout=0) if by_ref else ((), ())
        lost = []
        for ref in done:
            seat = by_ref[ref]
            self._note(seat, ref)
            lost.append(seat)
        return lost

    def _note(self, seat: Seat, ref: Any) -> None:
        """Why a worker is gone; one that could not begin is tried again later."""
        try:
            self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None) or error
            self.trouble = str(cause).strip().splitlines()[-1] if str(cause).strip() else type(error).__name__
            _LOG.warning("the worker on node %s is lost: %s", seat.node_id[:8], self.trouble)
            self._not_before[seat] = time.monotonic() + TRY_AGAIN_S

    def _drop(self, seat: Seat) -> None:
        self._ray.kill(self._taken.pop(seat).actor)


def _nodes(ray: Any) -> tuple[Node, ...]:
    alive = [node for node in ray.nodes() if node["Alive"]]
    return tuple(Node(node["NodeID"], int(node["Resources"].get("GPU", 0)), float(node["Resources"].get("CPU", 0))) for node in alive)


@contextmanager
def connected(plan: ClusterPlan) -> Iterator[Any]:
    """Ray, as the driver of this process. Raises EngineUnavailable without ray, BadSetting where no cluster answers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise EngineUnavailable("ray", "it is not installed; pip install -r requirements-cluster.txt.") from error
    _check_reach(plan.address)
    environment = {"env_vars": {**engine_settings(), "PYTHONPATH": _REPOSITORY}}
    try:
        ray.init(address=plan.address, log_to_driver=False, logging_level="error", configure_logging=False, runtime_env=environment)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadSetting(f"The Ray cluster at {plan.address} cannot be joined: {first}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def keep_workers(plan: ClusterPlan, begin: Begin, is_over: Callable[[float], bool], *, told: Callable[[int], None] = lambda _count: None) -> None:
    """Workers in all seats until `is_over(seconds to wait)` says so. `told` hears how many there are, each time that changes.

    Raises as `connected` does, and EngineUnavailable where no machine could begin at all.
    """
    with connected(plan) as ray:
        pool, began, count = Pool(ray, plan, begin), time.monotonic(), -1
        try:
            while True:
                pool.look()
                if pool.count != count:
                    count = pool.count
                    told(count)
                if count == 0 and pool.trouble and time.monotonic() - began < BEGIN_S:
                    raise EngineUnavailable("ray", f"no machine of {plan.address} could begin to work: {pool.trouble}")
                if is_over(LOOK_EVERY_S):
                    return
        finally:
            pool.close()


def _check_reach(address: str) -> None:
    """Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto" or not port.isdigit():
        if address != "auto":
            raise BadSetting(f"“{address}” is no address of a Ray cluster; use HOST:6379, ray://HOST:10001, or auto.")
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_S).close()
    except (OSError, OverflowError) as error:
        raise BadSetting(f"No Ray cluster answers at {address} ({error}); start one with `ray start --head`, or check the address.") from error
