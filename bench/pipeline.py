"""Whole dubs from the command line: real-time factor, peak memory, and the share of each stage. `python -m bench.pipeline`.

The demo, 60 seconds and 10 minutes; from nothing each time (a new home), with the default engines. Aims: real-time factor
at most 0.20 on two cores, under 2.5 GB, and memory that does not grow with the length.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.child import ChildRun, run_child
from bench.machine import as_plain, this_machine
from bench.material import Material, demo_programme, real_programme

LENGTHS_S = {"demo": None, "minute": 60.0, "programme": 600.0}
AIM_REALTIME_FACTOR, AIM_MEMORY_MB = 0.20, 2560


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians over the runs; `stage_shares` sum to 1 with "start and rest", the part of the wall time no stage accounts for."""

    name: str
    duration_s: float
    line_count: int
    runs: int
    realtime_factor: float
    slowest_factor: float
    peak_memory_mb: int
    stage_shares: dict[str, float]


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--only", nargs="+", choices=tuple(LENGTHS_S), default=tuple(LENGTHS_S))
    flags.add_argument("--runs", type=int, default=3, help="of the demo and the minute; the programme is dubbed once")
    flags.add_argument("--clips", type=Path, help="folder with index.csv: join real clips instead of the demo")
    flags.add_argument("--to", default="zh", help="target language")
    flags.add_argument("--out", type=Path, help="write the result as JSON here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    machine = this_machine()
    print(machine, end="\n\n")
    with tempfile.TemporaryDirectory(prefix="lipline-bench-") as name:
        rows = [measure(material(kind, flags.clips, Path(name)), flags, Path(name)) for kind in flags.only]
    print("\n".join(table(rows)))
    if flags.out is not None:
        flags.out.parent.mkdir(parents=True, exist_ok=True)
        content = {"machine": as_plain(machine), "rows": [asdict(row) for row in rows]}
        part = flags.out.with_name(flags.out.name + ".part")
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(part, flags.out)


def material(kind: str, clips: Path | None, folder: Path) -> Material:
    length_s = LENGTHS_S[kind]
    if clips is not None and length_s is not None:
        return real_programme(kind, length_s, clips, folder)
    return demo_programme(kind, 25.8 if length_s is None else length_s, folder)


def measure(what: Material, flags: argparse.Namespace, folder: Path) -> Measured:
    count = 1 if what.name == "programme" else flags.runs
    runs = [dub_once(what, flags.to, folder / f"{what.name}-{number}") for number in range(count)]
    middle = sorted(runs, key=lambda run: run[0].wall_s)[len(runs) // 2]
    return Measured(
        name=what.name,
        duration_s=round(what.duration_s, 2),
        line_count=len(middle[1]["lines"]),
        runs=count,
        realtime_factor=round(statistics.median(run.wall_s for run, _ in runs) / what.duration_s, 3),
        slowest_factor=round(max(run.wall_s for run, _ in runs) / what.duration_s, 3),
        peak_memory_mb=max(run.peak_memory_mb for run, _ in runs),
        stage_shares=shares(middle[1]["stages"], middle[0].wall_s),
    )


def dub_once(what: Material, target: str, home: Path) -> tuple[ChildRun, dict]:
    report = home.with_suffix(".json")
    argv = [sys.executable, "-m", "studio", "dub", str(what.media), "--from", "en", "--to", target, "--lines", str(what.lines)]
    run = run_child([*argv, "--out", str(home.with_suffix(".mp4")), "--json", str(report), "--home", str(home)])
    if run.exit_code != 0:
        raise SystemExit(f"the dub of {what.name} ended with {run.exit_code}: {run.stderr.strip()}")
    print(f"  {what.name}: {run.wall_s:.1f} s for {what.duration_s:.1f} s, peak {run.peak_memory_mb} MB", file=sys.stderr)
    return run, json.loads(report.read_text(encoding="utf-8"))


def shares(stages: list[dict], wall_s: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for stage in stages:
        found[stage["stage"]] = found.get(stage["stage"], 0.0) + stage["seconds"] / wall_s
    found["start and rest"] = max(0.0, 1 - sum(found.values()))
    return {name: round(share, 3) for name, share in found.items()}


def table(rows: list[Measured]) -> list[str]:
    out = [f"{'what':10s} {'length':>8s} {'lines':>6s} {'RTF':>7s} {'slowest':>8s} {'of aim':>7s} {'memory':>9s} {'of aim':>7s}  shares of the wall time"]
    for row in rows:
        of_aim = f"{row.realtime_factor / AIM_REALTIME_FACTOR:.2f}×", f"{row.peak_memory_mb / AIM_MEMORY_MB:.2f}×"
        parts = ", ".join(f"{name} {share:.0%}" for name, share in row.stage_shares.items())
        out.append(
            f"{row.name:10s} {row.duration_s:7.1f}s {row.line_count:6d} {row.realtime_factor:7.3f} {row.slowest_factor:8.3f} {of_aim[0]:>7s}"
            f" {row.peak_memory_mb:6d} MB {of_aim[1]:>7s}  {parts}"
        )
    by_name = {row.name: row for row in rows}
    if {"minute", "programme"} <= by_name.keys():
        growth = by_name["programme"].peak_memory_mb / by_name["minute"].peak_memory_mb
        longer = by_name["programme"].duration_s / by_name["minute"].duration_s
        out.append(f"memory: {growth:.2f}× for {longer:.0f}× the length")
    return out


if __name__ == "__main__":
    main()
