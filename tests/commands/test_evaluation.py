"""The evaluation command on a small table, with a tiny model and the studio's own duration engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from studio.cli import app
from studio.domain.errors import BadSetting, EngineUnavailable, NotFound, UserError
from tests.tiny_models import make_language_model, write_table

ZH_EN = ("--columns", "document,line,source,target", "--from", "zh", "--to", "en")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "table.tsv", 2)


def evaluate(table: Path, *flags: object) -> Result:
    return CliRunner().invoke(app, ["eval", "translation", str(table), *map(str, flags)], catch_exceptions=True)


def test_one_system_leaves_its_numbers_as_json(table: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    result = evaluate(table, *ZH_EN, "--system", f"tiny={model}", "--limit", 3, "--k", 3, "--seed", 3, "--json", out)
    assert result.exit_code == 0, result.output
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["lines"] == len(content["per_line"]) == 3
    assert (content["k"], content["seed"], content["system"], content["decode"]) == (3, 3, "tiny", "greedy")
    assert content["P_bound"] is not None
    assert 0 <= content["format_compliance"] <= 1
    printed = json.loads(result.stdout)
    assert printed["P"] == content["P"]
    assert "per_line" not in printed


def test_several_systems_leave_a_table_and_a_page(table: Path, model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = evaluate(table, *ZH_EN, "--system", f"sft2={model}", "--model", model, "--decode", "best-of-k", "--limit", 2, "--k", 2, "--html", page)
    assert result.exit_code == 0, result.output
    assert "| sft2 |" in result.stdout
    assert f"| {model.name}:best-of-k |" in result.stdout
    assert "plotly" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "kind", "sentence"),
    [
        ((*ZH_EN, "--system", "nobody"), BadSetting, "no translator engine “nobody”"),
        ((*ZH_EN, "--translator", "nobody"), BadSetting, "no translator engine “nobody”"),
        (("--columns", "document,line,source,target", "--from", "xx", "--to", "en"), BadSetting, "“xx” is not a language"),
        ((*ZH_EN, "--durations", "spoken"), BadSetting, "durations must be one of"),
        ((*ZH_EN, "--system", "tiny=./nowhere"), BadSetting, "no folder ./nowhere"),
        (("--columns", "document,line,source", "--from", "zh", "--to", "en"), BadSetting, "--columns must name target"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(table: Path, flags: tuple[str, ...], kind: type[UserError], sentence: str) -> None:
    result = evaluate(table, *flags)
    assert isinstance(result.exception, kind)
    assert sentence in str(result.exception)


def test_an_absent_table_and_a_language_without_a_tag_are_said(table: Path, model: Path, tmp_path: Path) -> None:
    assert isinstance(evaluate(tmp_path / "absent.tsv", *ZH_EN, "--system", f"tiny={model}").exception, NotFound)
    result = evaluate(table, "--columns", "document,line,source,target", "--from", "zh", "--to", "th", "--system", f"tiny={model}")
    assert isinstance(result.exception, EngineUnavailable)
    assert "no tag for the language “th”" in str(result.exception)


@pytest.mark.weights
def test_the_bundled_model_and_a_translator_of_the_rack_are_measured_alike(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    result = evaluate(table, *ZH_EN, "--system", "sft", "--system", "lipline-small:best-of-k", "--limit", 4, "--k", 3, "--json", out)
    assert result.exit_code == 0, result.output
    content = json.loads(out.read_text(encoding="utf-8"))
    sft, rack = content["systems"]
    assert (sft["model"], rack["engine"]) == ("translation-small", "lipline-small")
    assert rack["P_bound"] <= rack["P"]
    assert rack["format_compliance"] is None
    assert sft["P_ratio_to_sft"]["ratio"] == 1.0
