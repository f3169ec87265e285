"""The report holds the keys that others rely on, everything needed to measure again, and opens offline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.evaluation.evaluate import Evaluation, Plan, evaluate
from studio.evaluation.figure import page
from studio.evaluation.naming import BEST_OF_K
from studio.evaluation.options import EvaluationSettings
from studio.evaluation.provenance import commit, provenance
from studio.evaluation.report import as_json, as_markdown, without_lines, write_text
from studio.evaluation.systems import RackSystem, SceneSystem, System
from tests.evaluation.stand_ins import COLUMNS, RuleScenes, write_table
from tests.evaluation.test_evaluate import NO_COMET
from tests.fakes import FakeEstimator, FakeTranslator

RELIED_ON = ("P", "CR", "over_budget", "format_compliance", "chrF", "BLEU", "P_bound", "lines")
COMMAND = "python -m studio eval translation table.tsv <b>"


def run(folder: Path, *systems: System) -> Evaluation:
    plan = Plan(write_table(folder), COLUMNS, "zh", "en", settings=EvaluationSettings(candidate_count=4, resamples=100))
    return evaluate(plan, systems, FakeEstimator(), NO_COMET, lambda step, done, total: None)


def all_systems() -> tuple[System, ...]:
    translator = RuleScenes()
    return SceneSystem("sft", translator), SceneSystem("best-of-k", translator, BEST_OF_K), RackSystem(FakeTranslator())


def test_one_system_has_its_numbers_at_the_top(tmp_path: Path) -> None:
    content = as_json(run(tmp_path, all_systems()[1]), provenance(tmp_path / "table.tsv"), COMMAND)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert set(RELIED_ON) <= set(content)
    assert (content["P"], content["CR"], content["P_bound"], content["lines"]) == (0.0, 100.0, 0.0, 4)
    assert [line["translation"] for line in content["per_line"]] == ["ABCDE", "ABCDEFGHIJ", "ABC", "ABCD"]
    assert content["table_sha256"] == provenance(tmp_path / "table.tsv").table_sha256
    assert {"seed", "k", "CR_tolerance_s", "CR_tolerance_ratio", "estimator", "hardware", "date", "commit", "command", "rules"} <= set(content)
    assert (content["k"], content["COMET"], content["COMET_model"]) == (4, None, "not here")


def test_a_greedy_system_without_candidates_says_why_it_has_no_bound(tmp_path: Path) -> None:
    content = as_json(run(tmp_path, all_systems()[0]), provenance(tmp_path / "table.tsv"), COMMAND)
    assert content["P_bound"] is None
    assert "P_bound is null: no candidates were drawn; add --k to draw them, or run best-of-k." in content["notes"]


def test_several_systems_stand_side_by_side_with_their_ratio(tmp_path: Path) -> None:
    content = as_json(run(tmp_path, *all_systems()), provenance(tmp_path / "table.tsv"), COMMAND)
    assert [system["system"] for system in content["systems"]] == ["sft", "best-of-k", "fake-translator"]
    for system in content["systems"]:
        assert set(RELIED_ON) <= set(system)
        assert len(system["per_line"]) == 4
    assert content["systems"][1]["P_ratio_to_sft"] == {"ratio": 0.0, "low": 0.0, "high": 0.0, "unit": "line", "unit_count": 4}
    assert content["systems"][1]["gap_closed"] == 1.0
    printed = without_lines(content)
    assert "per_line" not in json.dumps(printed)
    assert len(printed["systems"]) == 3


def test_a_ratio_to_a_base_without_penalty_is_null_and_not_nan(tmp_path: Path) -> None:
    perfect, other = SceneSystem("sft", RuleScenes(greedy_letters=0)), SceneSystem("other", RuleScenes("o"))
    content = as_json(run(tmp_path, perfect, other), provenance(tmp_path / "table.tsv"), COMMAND)
    assert json.loads(json.dumps(content, allow_nan=False))["systems"][1]["P_ratio_to_sft"]["ratio"] is None
    assert "–" in as_markdown(run(tmp_path, perfect, other), COMMAND)


def test_the_table_has_a_row_per_system_and_its_tolerances_and_command(tmp_path: Path) -> None:
    text = as_markdown(run(tmp_path, *all_systems()), COMMAND)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert len({row.count("|") for row in rows}) == 1
    assert "CR tolerances: 0.1 s or 10%" in text
    assert COMMAND in text


def test_the_page_holds_every_figure_once_its_script_and_no_address(tmp_path: Path) -> None:
    html = page(run(tmp_path, *all_systems()), provenance(tmp_path / "table.tsv"), COMMAND)
    assert html.count("plotly.js v") == 1
    assert html.count('class="plotly-graph-div"') == 4
    assert not re.findall(r"<script[^>]+src=|<link[^>]+href=", html)
    assert "&lt;b&gt;" in html
    assert "best-of-k" in html


def test_without_free_answers_the_page_has_no_figure_of_the_format(tmp_path: Path) -> None:
    html = page(run(tmp_path, RackSystem(FakeTranslator())), provenance(tmp_path / "table.tsv"), COMMAND)
    assert html.count('class="plotly-graph-div"') == 3
    assert "Does the format hold?" not in html


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(BadSetting, match="cannot be written"):
        write_text(tmp_path / "absent" / "a.json", "{}")


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path) is None
