"""Targets that tests of the project hold by themselves, run with the load so that one table has them all. Enter: a plan. Leaves: an `Outcome`.

A test that was skipped has shown nothing here, so it is a miss with its reason. To add a target: its files in `PROOFS`.
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.load.outcome import Outcome, Plan
from bench.load.verdicts import at_least, none_of
from bench.machine import ROOT

PROOFS = {
    "rights": ("every route, desk call and kind of media, tried by those who may not", ("tests/ui/test_rights_routes.py",)),
    "cluster": ("a Ray cluster of two local nodes, one killed in mid-dub", ("tests/cluster",)),
}


def run_proof(name: str, folder: Path, plan: Plan) -> Outcome:
    """Run the tests of one target in a process of their own."""
    what, files = PROOFS[name]
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "tests.xml"
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files]
    try:
        subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=plan.budget_s, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(name, what, (at_least("tests in time", 0, 1),))
    if not report.is_file():
        return Outcome(name, what, (at_least("tests that ran", 0, 1),))
    passed, failed, skipped = read_report(report.read_text(encoding="utf-8"))
    verdicts = (at_least("tests passed", len(passed), 1), none_of("tests failed", failed), none_of("tests skipped", skipped))
    return Outcome(name, what, verdicts, {"files": files, "passed": len(passed)})


def read_report(xml: str) -> tuple[list[str], list[str], list[str]]:
    """Names of tests that passed, failed, and were skipped (with the reason), of a JUnit report that our own pytest wrote."""
    passed, failed, skipped = [], [], []
    for case in ElementTree.fromstring(xml).iter("testcase"):  # noqa: S314  written by our own process a moment ago
        name = case.get("name", "")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif (why := case.find("skipped")) is not None:
            skipped.append(f"{name}: {why.get('message', '')}")
        else:
            passed.append(name)
    return passed, failed, skipped


def measures() -> dict[str, Callable[[Path, Plan], Outcome]]:
    return {name: partial(run_proof, name) for name in PROOFS}
