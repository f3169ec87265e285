"""The page of the docs says what was measured, where, and what was missed; the program ends with 1 on a miss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.load import __main__ as program
from bench.load.outcome import Outcome, Plan, table, write_json
from bench.load.report import page
from bench.load.verdicts import Verdict, none_of
from bench.machine import Machine

MACHINE = Machine("a processor", 2, 16.0, 0.1, 0.14, "Linux", "3.11", "2.13", "2026-11-22 05:00 UTC", "abc1234")
MET = Outcome("people", "20 people", (Verdict("p95 of an edit", 120.0, 300.0, "ms", "p50 20"), none_of("lost edits", [])), {"calls": {}})
MISSED = Outcome("people", "20 people", (none_of("lost edits", ["ada's | edit"]),))


def test_a_page_has_the_machine_the_numbers_and_the_verdicts(tmp_path: Path) -> None:
    write_json(tmp_path / "load.json", MACHINE, Plan(), [MET])
    found = page([json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))])
    assert "a processor, 2 cores" in found
    assert "commit abc1234" in found
    assert "| p95 of an edit | 120 ms | 300 | met p50 20 |" in found


def test_of_a_measure_run_twice_the_last_one_counts_and_a_miss_is_told(tmp_path: Path) -> None:
    contents = []
    for number, outcome in enumerate((MET, MISSED)):
        write_json(tmp_path / f"{number}.json", MACHINE, Plan(), [outcome])
        contents.append(json.loads((tmp_path / f"{number}.json").read_text(encoding="utf-8")))
    found = page(contents)
    assert "**missed** ada's \\| edit" in found
    assert "p95 of an edit" not in found


def test_the_table_names_each_verdict() -> None:
    assert [line.split()[-1] for line in table(MISSED)][0] == "people"
    assert "MISSED" in list(table(MISSED))[1]


@pytest.mark.parametrize(("outcome", "code"), [(MET, 0), (MISSED, 1)])
def test_a_miss_ends_the_program_with_1(outcome: Outcome, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(program.MEASURES, "people", lambda folder, plan: outcome)
    assert program.main(["people", "--folder", str(tmp_path), "--json", str(tmp_path / "load.json")]) == code
    assert json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))["outcomes"][0]["is_met"] is (code == 0)


def test_what_time_did_not_allow_is_told_and_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(program.MEASURES, "people", lambda folder, plan: MET)
    assert program.main(["people", "--folder", str(tmp_path), "--budget-s", "-1"]) == 1
    assert "people" in capsys.readouterr().out
