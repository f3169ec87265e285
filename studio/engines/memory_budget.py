"""Models in memory, device by device, under a budget: what is needed next makes those used longest ago let go.

An engine asks for a `Held` place for each model it may open, with its size, which is known before anything is read. `with place.use() as
model:` opens it if need be and keeps it from being released meanwhile. LIPLINE_MODEL_MEMORY ("cuda:0=20GiB, cpu=4GiB") sets budgets; without
it nine tenths of a GPU and half of the machine's memory.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from studio.domain.errors import BadSetting, EngineUnavailable
from studio.domain.workers import HeldModel
from studio.engines import gpus
from studio.engines.out_of_memory import OutOfMemory, within_memory

VARIABLE = "LIPLINE_MODEL_MEMORY"
GPU_SHARE, CPU_SHARE = 0.9, 0.5
WAIT_S = 120.0  # for models in use; a batch of lines takes seconds
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
Value = TypeVar("Value")
Measure = Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`device`: "cpu" or a GPU's name; `size_bytes`: how much it takes there, with what it needs to work; None: measured once it is open."""

    name: str
    device: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Devices:
    """`budget`: bytes that models may take of a device, None: no limit known. `free`: bytes nobody has taken, None where nobody can tell.
    `clear`: hand what torch keeps for later back to the device."""

    budget: Measure = lambda _device: None
    free: Measure = lambda _device: None
    clear: Callable[[str], None] = gpus.clear


class MemoryBudget:
    """All models of a process. Safe to use from several threads."""

    def __init__(self, devices: Devices | None = None, *, wait_s: float = WAIT_S) -> None:
        self._devices = Devices() if devices is None else devices
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._open: list[Held[Any]] = []  # the one used longest ago first

    def place(
        self, facts: Callable[[], ModelFacts], open_model: Callable[[], Value], measure: Callable[[Value], int | None] = lambda _model: None
    ) -> Held[Value]:
        """A place for one model; nothing is opened yet. `facts` is asked each time it is about to be; `measure`, where they knew no size,
        of what was opened: its bytes, None where it cannot tell either."""
        return Held(self, facts, open_model, measure)

    def held(self) -> tuple[HeldModel, ...]:
        """What is in memory now, the one used longest ago first."""
        with self._changed:
            return tuple(HeldModel(one.facts.name, one.facts.device, one.size_bytes, one.users > 0) for one in self._open)

    def relief(self, held: Held[Any]) -> MemoryRelief:
        """Who makes room for a model that ran out of memory at work."""
        return MemoryRelief(self, held)

    # for Held and MemoryRelief

    def enter(self, held: Held[Any]) -> None:
        """Count a user of a model that is open, or is now promised room. Raises EngineUnavailable."""
        facts = held.describe() if held.now is None else held.facts  # may look at files, so outside of the lock
        with self._changed:
            if held not in self._open:
                held.facts, held.size_bytes = facts, facts.size_bytes or 0
                self._make_room(held)
            if held in self._open:  # open, or another user of it came while this one waited
                self._open.remove(held)
            self._open.append(held)
            held.users += 1

    def count(self, held: Held[Any], size_bytes: int) -> None:
        """A model is open whose size nobody knew before; idle ones go until the budget is kept again, or none is left."""
        with self._changed:
            held.size_bytes = size_bytes
            device, budget = held.facts.device, self._devices.budget(held.facts.device)
            while budget is not None and self._taken(device) > budget:
                idle = next((one for one in self._others(held) if not one.users), None)
                if idle is None:
                    return
                self._drop(idle)

    def leave(self, held: Held[Any]) -> None:
        with self._changed:
            held.users -= 1
            self._changed.notify_all()

    def forget(self, held: Held[Any]) -> bool:
        """Release one model, unless it is in use or not here."""
        with self._changed:
            if held not in self._open or held.users:
                return False
            self._drop(held)
            return True

    def fail(self, held: Held[Any]) -> None:
        """It could not be opened."""
        with self._changed:
            held.users -= 1
            if not held.users:
                self._drop(held)
            self._changed.notify_all()

    def release_idle(self, held: Held[Any]) -> bool:
        """Release all other models of its device that nobody uses; whether there was one."""
        with self._changed:
            idle = [one for one in self._others(held) if not one.users]
            for one in idle:
                self._drop(one)
            return bool(idle)

    def wait_for_others(self, held: Held[Any]) -> bool:
        """Wait until another model of its device is idle, and release it, or until one is gone; False where none is at work, or none ended
        in time."""
        until = time.monotonic() + self._wait_s
        with self._changed:
            at_work = self._others(held)
            while not self.release_idle(held):
                if any(one not in self._open for one in at_work):  # it could not be opened, or somebody released it
                    return True
                if not at_work or not self._changed.wait(max(0.0, until - time.monotonic())):
                    return False
            return True

    def clear(self, device: str) -> None:
        self._devices.clear(device)

    def _others(self, held: Held[Any]) -> list[Held[Any]]:
        return [one for one in self._open if one is not held and one.facts.device == held.facts.device]

    def _make_room(self, held: Held[Any]) -> None:
        device, needed = held.facts.device, held.size_bytes
        budget, until = self._devices.budget(device), time.monotonic() + self._wait_s
        if budget is not None and needed > budget:
            raise EngineUnavailable(held.facts.name, f"it takes about {_gib(needed)}, and models may take {_gib(budget)} of {device}; choose a smaller model, or raise {VARIABLE}.")
        while held not in self._open and not self._has_room(device, needed, budget):  # another user of it may come while this one waits
            idle = next((one for one in self._open if not one.users and one.facts.device == device), None)
            if idle is not None:
                self._drop(idle)
            elif not any(one.facts.device == device for one in self._open):
                return  # other programs have the rest; opening it will tell
            elif not self._changed.wait(max(0.0, until - time.monotonic())):
                raise EngineUnavailable(held.facts.name, f"it takes about {_gib(needed)} of {device}, which other models have in use; start the work again in a moment.")

    def _has_room(self, device: str, needed: int, budget: int | None) -> bool:
        free = self._devices.free(device)
        return (budget is None or self._taken(device) + needed <= budget) and (free is None or needed <= free)

    def _taken(self, device: str) -> int:
        return sum(one.size_bytes for one in self._open if one.facts.device == device)

    def _drop(self, held: Held[Any]) -> None:
        self._open.remove(held)
        held.forget()
        self._devices.clear(held.facts.device)


class Held(Generic[Value]):
    """The place of one model: open or not. Made by `MemoryBudget.place`."""

    def __init__(
        self, budget: MemoryBudget, facts: Callable[[], ModelFacts], open_model: Callable[[], Value], measure: Callable[[Value], int | None]
    ) -> None:
        self._budget, self.describe, self._open_model, self._measure = budget, facts, open_model, measure
        self._opening = threading.Lock()
        self._value: Value | None = None
        self.facts = ModelFacts("", "cpu", None)
        self.size_bytes = self.users = 0

    @property
    def now(self) -> Value | None:
        """The model where it is open, to look at; not to work with, for it may be released meanwhile."""
        return self._value

    @contextmanager
    def use(self) -> Iterator[Value]:
        """The model, which stays while the block lasts. Raises EngineUnavailable, also where memory does not suffice, and what opening it raises."""
        self._budget.enter(self)
        try:
            value = self._opened()
        except BaseException:
            self._budget.fail(self)
            raise
        try:
            yield value
        finally:
            self._budget.leave(self)

    def release(self) -> bool:
        """Let go of the model; False where it is in use, or was not open."""
        return self._budget.forget(self)

    def relief(self) -> MemoryRelief:
        return self._budget.relief(self)

    def forget(self) -> None:
        """For the budget."""
        self._value = None

    def _opened(self) -> Value:
        with self._opening:
            if self._value is None:
                value = self._within_memory()
                if self.facts.size_bytes is None and (size_bytes := self._measure(value)) is not None:
                    self._budget.count(self, size_bytes)
                self._value = value
            return self._value

    def _within_memory(self) -> Value:
        """The model, opened; where memory runs out, idle models are let go and those at work waited for. Raises EngineUnavailable."""
        try:
            return within_memory(lambda _: self._open_model(), 1, self.relief()).result
        except OutOfMemory as error:
            size = f" (about {_gib(self.size_bytes)})" if self.size_bytes else ""
            reason = f"the memory of {self.facts.device} does not suffice to open it{size}; close other programs, start the work again later, or choose a smaller model."
            raise EngineUnavailable(self.facts.name, reason) from error


@dataclass(slots=True)
class MemoryRelief:
    """Relief for one piece of work. `waits`: how often it may still wait for others."""

    budget: MemoryBudget
    held: Held[Any]
    waits: int = 2

    def clear(self) -> None:
        self.budget.clear(self.held.facts.device)

    def release_others(self) -> bool:
        return self.budget.release_idle(self.held)

    def wait(self) -> bool:
        self.waits -= 1
        return self.waits >= 0 and self.budget.wait_for_others(self.held)


def budgets(total: Measure, environment: Mapping[str, str] = os.environ) -> Measure:
    """Bytes by device: what LIPLINE_MODEL_MEMORY says, else a share of what there is. `total`: a device's memory. Raises BadSetting."""
    named = read_budgets(environment.get(VARIABLE, ""))

    def budget(device: str) -> int | None:
        known = total(device)
        share = CPU_SHARE if device == "cpu" else GPU_SHARE
        return named.get(device, None if known is None else int(known * share))

    return budget


def read_budgets(text: str) -> dict[str, int]:
    """"cuda:0=20GiB, cpu=4GiB" as bytes by device. Raises BadSetting.

    >>> read_budgets("cuda:0=2GiB")
    {'cuda:0': 2147483648}
    """
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        match = re.fullmatch(r"([\w:]+)\s*=\s*(\d+(?:\.\d+)?)\s*([KMG]?)i?B?", part, re.IGNORECASE)
        if match is None:
            raise BadSetting(f"{VARIABLE} says “{part}”; write device and memory, such as cuda:0=20GiB, cpu=4GiB.")
        device, number, unit = match.groups()
        found[device] = int(float(number) * _UNITS[unit.upper()])
    return found


def machine_bytes() -> int | None:
    """Memory of this machine; None where the platform does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"
