"""What a measure is asked and what it leaves: a plan in, verdicts with details out; the table, the JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

from bench.load.verdicts import Verdict
from bench.machine import Machine, as_plain


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; each measure is over when its time or its count is."""

    people: int = 20
    minutes: float = 10.0
    kills: int = 200
    hours: float = 24.0
    browsers: int = 1
    seed: int = 1
    port: int | None = None
    budget_s: float = 7200.0
    corpus: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`name`: of the measure; `what`: what was done, with its numbers; `details`: everything else worth keeping."""

    name: str
    what: str
    verdicts: tuple[Verdict, ...]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        return all(one.is_met for one in self.verdicts)


def table(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.name}: {outcome.what}"
    for one in outcome.verdicts:
        value = "–" if one.value is None else f"{one.value:g}"
        aim = "" if one.aim is None else f"{one.aim:g}"
        yield f"  {one.measure:58s} {value:>9s} {aim:>7s} {one.unit:4s} {one.word:7s} {one.note}".rstrip()


def write_json(path: Path, machine: Machine, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    content = {"machine": as_plain(machine), "plan": _plain(plan), "outcomes": [_plain(one) | {"is_met": one.is_met} for one in outcomes]}
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")
    os.replace(part, path)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
