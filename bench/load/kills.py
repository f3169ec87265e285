"""SIGKILL at random, again and again, while people work. Enter: a folder and a plan. Leaves: an `Outcome`.

Each kill hits one of the studio's processes at a random moment, also while it starts; it is started again at once. Meanwhile pages keep what
they could not send and send it again; afterwards everything anybody was told must be there, and every job over exactly once.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.load.office_day import Day, measured
from bench.load.outcome import Outcome, Plan
from bench.load.scene import Scene, make_scene
from bench.load.serving import Process, server, worker
from bench.load.truth import Truth
from bench.load.verdicts import Verdict, at_least, none_of, spread

MOMENT_S = (0.5, 8.0)  # after the page answers
EARLY_SHARE = 0.15  # of the kills hit a process that is still starting
EARLY_S = (0.2, 3.0)
DRAIN_S = 900.0
PACE_S = (0.8, 3.0)


@dataclass(slots=True)
class Killing:
    """What the kills left. `killed`: how often by process."""

    killed: dict[str, int] = field(default_factory=dict)
    restarts_ms: list[float] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.killed.values())


def run_kills(folder: Path, plan: Plan) -> Outcome:
    scene = make_scene(folder, plan.people, plan.seed)
    processes = _processes(scene, plan)
    page, truth, done = processes[0], Truth(scene.place.database_url), Killing()
    try:
        for process in processes:
            process.start()
        page.wait()
        truth.watch_job_ends()
        day = Day(scene, (page,), plan.seed, pace_s=PACE_S)
        with measured((page,)) as busy:
            day.open()
            kill_at_random(processes, plan, done)
            time.sleep(3)
            day.close()
        day.drain(truth, DRAIN_S)
    finally:
        for process in processes:
            process.close()
    verdicts = [*_kill_verdicts(done, plan), *day.verdicts(truth)]
    truth.close()
    details = {"busy": busy(), "killed": done.killed, "restarts": spread(done.restarts_ms), "counts": day.tally.counts, "refusals": day.tally.refusals}
    return Outcome("kills", f"{plan.people} people, {done.count} SIGKILLs, seed {plan.seed}", tuple(verdicts), details)


def _processes(scene: Scene, plan: Plan) -> tuple[Process, ...]:
    return (server(scene, port=plan.port), worker(scene))


def kill_at_random(processes: tuple[Process, ...], plan: Plan, done: Killing) -> None:
    """Until all kills are done, or the time is up."""
    draw, until = random.Random(plan.seed), time.monotonic() + plan.budget_s
    while done.count < plan.kills and time.monotonic() < until:
        victim = draw.choice(processes)
        is_early = draw.random() < EARLY_SHARE
        time.sleep(draw.uniform(*(EARLY_S if is_early else _moment_s(done))))
        victim.kill()
        done.killed[victim.name] = done.killed.get(victim.name, 0) + 1
        victim.start()
        if victim.port is not None and not is_early:
            done.restarts_ms.append(1000 * victim.wait())
        done.orphans += [f"{_called(one)} of {victim.name}" for one in victim.orphans()]
    for process in processes:
        if process.port is not None:
            process.wait()


def _called(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.NoSuchProcess:  # gone at last
        return str(process.pid)


def _moment_s(done: Killing) -> tuple[float, float]:
    """People get as long to work as a slow machine takes to start a server, or the kills would hit nobody at work."""
    return MOMENT_S[0], max(MOMENT_S[1], done.restarts_ms[-1] / 1000 if done.restarts_ms else 0.0)


def _kill_verdicts(done: Killing, plan: Plan) -> list[Verdict]:
    found = spread(done.restarts_ms)
    told = "" if found is None else f"of {found.count}, worst {found.worst_ms / 1000:.1f} s"
    return [
        at_least("kills", done.count, plan.kills, ", ".join(f"{count} of {name}" for name, count in sorted(done.killed.items()))),
        Verdict("seconds until a killed server answers again, p95", None if found is None else round(found.p95_ms / 1000, 1), None, "s", told),
        none_of("children that outlived a killed process", done.orphans),
    ]
