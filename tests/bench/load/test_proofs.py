"""A target held by tests: what failed or was skipped is a miss."""

from __future__ import annotations

from bench.load.proofs import PROOFS, read_report
from bench.machine import ROOT

REPORT = """<testsuites><testsuite>
<testcase name="one"/>
<testcase name="two"><failure message="assert"/></testcase>
<testcase name="three"><skipped message="no ray here"/></testcase>
<testcase name="four"><error message="broke"/></testcase>
</testsuite></testsuites>"""


def test_a_report_tells_what_passed_failed_and_was_skipped() -> None:
    assert read_report(REPORT) == (["one"], ["two", "four"], ["three: no ray here"])


def test_the_tests_that_targets_stand_on_are_there() -> None:
    assert [name for _, files in PROOFS.values() for name in files if not (ROOT / name).exists()] == []
