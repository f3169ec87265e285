"""The shared box under load, on loopback only, bounded in count and time. `python -m bench.load [MEASURE …]`.

people: scripted browsers for some minutes. kills: servers and workers killed at random under that load. hostile: files that mean harm.
two-servers: two page servers on one PostgreSQL, one killed in mid-edit. soak: a day in minutes. rights, cluster: what tests of the project hold by themselves. all: each of them.
Prints a table and ends with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.load.hostile import run_hostile
from bench.load.kills import run_kills
from bench.load.outcome import Outcome, Plan, table, write_json
from bench.load.people import run_people
from bench.load.proofs import measures
from bench.load.serving import scratch
from bench.load.soak import run_soak
from bench.load.twins import run_twins
from bench.machine import this_machine

MEASURES: dict[str, Callable[[Path, Plan], Outcome]] = {
    "people": run_people,
    "kills": run_kills,
    "hostile": run_hostile,
    "two-servers": run_twins,
    "soak": run_soak,
    **measures(),
}


def parse_flags(argv: list[str] | None = None) -> argparse.Namespace:
    flags, plan = argparse.ArgumentParser(prog="bench.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter), Plan()
    flags.add_argument("measures", nargs="*", choices=["all", *MEASURES], default=["all"], help="which to run (default: all)")
    flags.add_argument("--minutes", type=float, default=plan.minutes, help="of people at work")
    flags.add_argument("--people", type=int, default=plan.people)
    flags.add_argument("--kills", type=int, default=plan.kills)
    flags.add_argument("--hours", type=float, default=plan.hours, help="that the soak stands for")
    flags.add_argument("--browsers", type=int, default=plan.browsers, help="real Chromium pages among the people")
    flags.add_argument("--seed", type=int, default=plan.seed)
    flags.add_argument("--port", type=int, help="of the first page server (default: any free one)")
    flags.add_argument("--budget-s", type=float, default=plan.budget_s, help="no measure begins after so many seconds, and none goes on longer")
    flags.add_argument("--corpus", type=Path, help="folder with further hostile files, if there is one")
    flags.add_argument("--folder", type=Path, help="work here and leave everything there (default: a temporary folder, removed)")
    flags.add_argument("--json", type=Path, help="write the result here as well")
    return flags.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    flags, machine, started = parse_flags(argv), this_machine(), time.monotonic()
    plan = Plan(flags.people, flags.minutes, flags.kills, flags.hours, flags.browsers, flags.seed, flags.port, flags.budget_s, flags.corpus)
    chosen = list(MEASURES) if "all" in flags.measures else list(dict.fromkeys(flags.measures))
    folder = flags.folder or scratch()
    print(machine, end="\n\n", flush=True)
    outcomes: list[Outcome] = []
    left_out = []
    for name in chosen:
        if time.monotonic() - started > plan.budget_s:
            left_out.append(name)
            continue
        outcomes.append(MEASURES[name](folder / name, plan))
        print("\n".join(table(outcomes[-1])), end="\n\n", flush=True)
    if flags.json is not None:
        write_json(flags.json, machine, plan, outcomes)
    if flags.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    if left_out:
        print(f"Not begun, for the time was up: {', '.join(left_out)}.")
    return 0 if not left_out and all(one.is_met for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
