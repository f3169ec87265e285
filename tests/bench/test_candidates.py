from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.candidates import main
from tests.tiny_models import make_language_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


def result(folder: Path, out: Path, *more: str) -> dict:
    main(["--model", str(folder), "--lines", "2", "--k", "3", "--repeats", "1", "--threads", "1", "--json", str(out), *more])
    return json.loads(out.read_text(encoding="utf-8"))


def test_all_ways_are_measured_in_one_run_with_machine_seed_and_tokens(folder: Path, tmp_path: Path) -> None:
    found = result(folder, tmp_path / "out.json", "--max-new-tokens", "6")
    assert [row["way"] for row in found["rows"]] == ["shared", "copied", "generate"]
    assert all(6 <= row["tokens"] <= 2 * 3 * 6 and row["seconds"] > 0 for row in found["rows"])
    assert found["settings"]["seed"] == 0 and {"processor", "date", "commit", "threads"} <= found["machine"].keys()
    assert found["ratios"].keys() == found["ratios_per_token"].keys() == {"copied", "generate"}


def test_draws_of_fixed_length_are_equally_long_in_every_way(folder: Path, tmp_path: Path) -> None:
    found = result(folder, tmp_path / "out.json", "--fixed-tokens", "4")
    assert [row["tokens"] for row in found["rows"]] == [2 * 3 * 4] * 3
