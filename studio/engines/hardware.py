"""What models of this process run on: its GPUs, and the memory they may take. Made once by bootstrap, handed to every engine that loads much."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.engines import gpus
from studio.engines.gpus import Gpus
from studio.engines.memory_budget import Devices, MemoryBudget, budgets, machine_bytes


@dataclass(frozen=True, slots=True)
class Hardware:
    gpus: Gpus = field(default_factory=Gpus)
    budget: MemoryBudget = field(default_factory=MemoryBudget)


def this_machine() -> Hardware:
    """Raises BadSetting where the environment sets budgets nobody can read."""
    found = Gpus()

    def total(device: str) -> int | None:
        if device == "cpu":
            return machine_bytes()
        return next((gpu.total_bytes for gpu in found() if gpu.name == device), None)

    return Hardware(found, MemoryBudget(Devices(budgets(total), gpus.free_bytes)))
