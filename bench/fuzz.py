"""Feeds made-up files and calls to everything that reads what strangers send, and tells what broke: `python -m bench.fuzz TARGET --seconds N --seed S`.

A target (fuzz_targets.py) takes bytes and may answer with a StudioError; any other error, or more than `HANG_S`, is a finding, kept as a file
under --out. Guided by coverage where atheris is installed, else by blind mutation (fuzz_run.py). Exit code 1 when something was found.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.fuzz_targets import TARGETS

SPARE_S = 600
"""How much longer than asked a run may take before it counts as hung: mostly its start, which reads and instruments everything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did: inputs tried, findings by the place that failed, and the file that shows each."""

    target: str
    seconds: int
    seed: int
    guided: bool
    runs: int
    findings: dict[str, str]

    def sentence(self) -> str:
        way = "guided by coverage" if self.guided else "by blind mutation"
        found = f"{len(self.findings)} findings" if self.findings else "nothing found"
        return f"{self.target}: {self.runs:,} inputs in {self.seconds} s, {way}, seed {self.seed}: {found}"


def fuzz(target: str, seconds: int, seed: int, out: Path, *, blind: bool = False) -> Outcome:
    """Run one target in a process of its own, so that not even a crash of the interpreter goes unnoticed."""
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        argv = [sys.executable, "-m", "bench.fuzz_run", target, str(seconds), str(seed), str(folder), scratch, "blind" if blind else "guided"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
        with (folder / "log.txt").open("wb") as log:
            try:
                code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, timeout=seconds + SPARE_S).returncode
            except subprocess.TimeoutExpired:
                code = -1
        told = json.loads((folder / "told.json").read_text(encoding="utf-8")) if (folder / "told.json").is_file() else {}
    findings = dict(told.get("findings", {}))
    if code != 0:
        findings[f"the process ended with {code}"] = str(folder / "log.txt")
    return Outcome(target, seconds, seed, bool(told.get("guided")), int(told.get("runs", 0)), findings)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where inputs that broke something are kept")
    parser.add_argument("--blind", action="store_true", help="mutate without looking at coverage, even where atheris is installed")
    wish = parser.parse_args()
    outcomes = [fuzz(name, wish.seconds, wish.seed, wish.out, blind=wish.blind) for name in (TARGETS if wish.target == "all" else [wish.target])]
    for outcome in outcomes:
        print(outcome.sentence())
        for place, path in outcome.findings.items():
            print(f"  {place}\n    {path}")
    sys.exit(any(outcome.findings for outcome in outcomes))


if __name__ == "__main__":
    main()
