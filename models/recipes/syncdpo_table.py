"""A comparison of preference trainings: run every arm with every seed, and print it as one table.

Enters the arms, a plan per seed, where nets come from and who judges them; leaves rows with means and spreads, as Markdown and JSON.
Both the toy and the voice are compared here, so that their tables read alike.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import fmean, stdev

from accelerate import PartialState
from torch import nn

from models.recipes.syncdpo_batches import Judge
from models.recipes.syncdpo_training import Arm, ArmTraining, Material, Plan, arms_by_name, launched
from models.sync.preference import BetaPath

START = "start"  # the net all arms begin with
SMOKE_STEPS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """One arm with one seed: what the judge says, and what training says of itself."""

    arm: str
    seed: int
    measures: Mapping[str, float]
    training: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    plan: Plan
    outcomes: tuple[Outcome, ...]


def compared(
    arms: Sequence[Arm], plans: Sequence[Plan], material: Material, *, start: Callable[[int], nn.Module], judge: Judge, out: Path
) -> Comparison:
    """Every arm with every plan (they differ by seed). `start(seed)` gives the net anew each time. What was judged before under the same
    options is taken from `out`."""
    launched(plans[0].precision)
    outcomes = []
    for plan in plans:
        kept = out / f"{START}-{plan.seed}.json"
        is_known = kept.is_file()
        measures = _read(kept)["measures"] if is_known else dict(judge(start(plan.seed)))
        if not is_known:
            _write(kept, {"measures": measures})  # by one process: the others must not wait for the file, for it may come after them
        outcomes.append(Outcome(START, plan.seed, measures, {}))
        outcomes += [_outcome(arm, plan, material, start, judge, out / f"{arm.name}-{plan.seed}") for arm in arms]
    return Comparison(plans[0], tuple(outcomes))


def _outcome(arm: Arm, plan: Plan, material: Material, start: Callable[[int], nn.Module], judge: Judge, folder: Path) -> Outcome:  # noqa: PLR0913
    training = ArmTraining(arm, start(plan.seed), material, plan, folder)
    progress = training.run()
    if progress.step < plan.steps:
        raise SystemExit(f"{arm.name} stopped after {progress.step} of {plan.steps} steps; remove {folder.parent / 'stop'} and start again to go on.")
    found = {name: value for name, value in asdict(progress).items() if name not in ("step", "gate")}
    if material.leave is not None and PartialState().is_main_process:
        material.leave(training.net, folder / "voice")
    outcome = Outcome(arm.name, plan.seed, judge(training.net), found)
    _write(folder / "outcome.json", asdict(outcome) | {"measures": dict(outcome.measures)})
    return outcome


def finish(comparison: Comparison, path: Path | None) -> None:
    """Print the table; write all outcomes to `path` where one is given."""
    if PartialState().is_main_process:
        print(table(comparison), flush=True)
    if path is not None:
        plain = {"plan": asdict(comparison.plan), "outcomes": [asdict(one) | {"measures": dict(one.measures)} for one in comparison.outcomes]}
        _write(path, plain)


def table(comparison: Comparison) -> str:
    """Markdown: a row per arm, means over seeds with their standard deviation."""
    arms = list(dict.fromkeys(one.arm for one in comparison.outcomes))
    names = list(comparison.outcomes[0].measures)
    lines = ["| arm | " + " | ".join(names) + " | pairs told | margin | seconds |", "|---" * (len(names) + 4) + "|"]
    for arm in arms:
        some = [one for one in comparison.outcomes if one.arm == arm]
        cells = [_cell([one.measures[name] for one in some]) for name in names]
        cells += [_cell([one.training.get(name) for one in some]) for name in ("accuracy", "margin", "seconds")]
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    return f"{fmean(known):.3f}" + (f" ± {stdev(known):.3f}" if len(known) > 1 else "")


def plan_flags(description: str, plan: Plan, *, default_arms: str, default_seeds: str) -> argparse.ArgumentParser:
    """The flags that both programs share; defaults are those of `plan`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", default=default_arms, help="by comma: " + ", ".join(arms_by_name()))
    parser.add_argument("--seeds", default=default_seeds)
    parser.add_argument("--json", type=Path, help="write all outcomes here")
    parser.add_argument("--steps", type=int, default=plan.steps, help="optimiser steps of every arm")
    parser.add_argument("--rate", type=float, default=plan.rate)
    parser.add_argument("--beta", type=float, default=plan.beta)
    parser.add_argument("--beta-path", choices=[str(path) for path in BetaPath], default=str(plan.beta_path))
    parser.add_argument("--anchor-weight", type=float, default=plan.anchor_weight)
    parser.add_argument("--all-frames", action="store_true", help="judge pairs on the whole region, not on the changed frames alone")
    parser.add_argument("--untouched-winners", action="store_true", help="winners without the joins of their rivals")
    parser.add_argument("--takes", type=int, default=plan.takes, help="samples per clip of the ranked arm")
    parser.add_argument("--pool-batches", type=int, default=plan.pool_batches, help="batches the ranked arm samples")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a tiny net, a few steps, in seconds")
    return parser


def plan_from(options: argparse.Namespace, plan: Plan) -> Plan:
    named = {field.name: getattr(options, field.name) for field in fields(Plan) if hasattr(options, field.name)}
    made = replace(plan, **named, only_changed=not options.all_frames, is_rejoined=not options.untouched_winners)
    return replace(made, steps=SMOKE_STEPS, takes=2, pool_batches=2, solver_steps=2) if options.smoke else made


def parsed_arms(names: str) -> list[Arm]:
    """Raises SystemExit with the arms there are."""
    known = arms_by_name()
    unknown = [name for name in names.split(",") if name not in known]
    if unknown:
        raise SystemExit(f"There is no arm “{unknown[0]}”; there are {', '.join(known)}.")
    return [known[name] for name in names.split(",")]


def seeds_from(names: str) -> list[int]:
    try:
        return [int(name) for name in names.split(",")]
    except ValueError as error:
        raise SystemExit(f"“{names}” are no seeds; give whole numbers, such as 0,1,2.") from error


def _write(path: Path, plain: object) -> None:
    if not PartialState().is_main_process:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
