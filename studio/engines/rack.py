"""The engines of a studio by task, in order of preference. Made by `studio/bootstrap.py`; asked by the pipeline.

"auto" takes the first engine of a task that is available and accepts the job; a name takes that one or says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studio.domain.errors import BadSetting, EngineUnavailable
from studio.domain.views import EngineStatus
from studio.engines.protocols import Availability, Engine

TASKS = ("voice activity", "transcriber", "speaker encoder", "translator", "estimator", "speaker", "face tracker", "sync scorer")


def _accepts_all(_engine: Any) -> Availability:
    return Availability(True, "ready")


class EngineRack:
    """Holds engines; loads none. Engines load themselves on first use and live as long as the rack."""

    def __init__(self, by_task: Mapping[str, tuple[Engine, ...]]) -> None:
        if unknown := set(by_task) - set(TASKS):
            raise ValueError(f"no such tasks: {sorted(unknown)}")
        self._by_task = {task: tuple(by_task.get(task, ())) for task in TASKS}

    def all(self, task: str) -> tuple[Any, ...]:
        return self._by_task[task]

    def named(self, task: str, name: str) -> Any:
        """The engine of that name, available or not. Raises BadSetting for an unknown name."""
        for engine in self._by_task[task]:
            if engine.name == name:
                return engine
        known = ", ".join(engine.name for engine in self._by_task[task])
        raise BadSetting(f"There is no {task} engine “{name}”; there are: {known}.")

    def pick(self, task: str, name: str = "auto", *, accepts: Callable[[Any], Availability] = _accepts_all) -> Any:
        """The engine to use. Raises BadSetting for an unknown name, EngineUnavailable when none can do it."""
        engines = self._by_task[task] if name == "auto" else (self.named(task, name),)
        reasons = []
        for engine in engines:
            verdict = engine.available()
            if verdict.is_available:
                verdict = accepts(engine)
            if verdict.is_available:
                return engine
            reasons.append(f"{engine.name}: {verdict.why}")
        raise EngineUnavailable(name if name != "auto" else task, "; ".join(reasons) or "none is installed")

    def status(self) -> tuple[EngineStatus, ...]:
        """Every engine with its availability; the first available of each task is the default."""
        rows = []
        for task, engines in self._by_task.items():
            default_name = None
            for engine in engines:
                verdict = engine.available()
                if verdict.is_available and default_name is None:
                    default_name = engine.name
                is_default = verdict.is_available and engine.name == default_name
                rows.append(EngineStatus(task, engine.name, engine.version, engine.licence, verdict.is_available, is_default, verdict.why))
        return tuple(rows)
