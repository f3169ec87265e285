"""`check parity` as a user meets it: lines, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from studio.cli import app
from studio.domain.errors import BadSetting

RUNNER = CliRunner()


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / f"{name}.json").write_text('{"state_dict": {}}')
    return folder


def test_nets_that_are_not_here_yet_are_listed_and_do_not_fail(tmp_path: Path) -> None:
    out = tmp_path / "out" / "parity.json"
    out.parent.mkdir()
    result = RUNNER.invoke(app, ["check", "parity", str(put(tmp_path, "vocos")), "--json", str(out)])
    assert result.exit_code == 0, result.output
    assert "not here yet" in result.output
    content = json.loads(out.read_text())
    assert content["is_ok"] is True
    assert [(row["fixture"], row["is_ok"]) for row in content["rows"]] == [("vocos", None)]


def test_a_fixture_that_does_not_fit_leaves_with_one_and_is_in_the_json(tmp_path: Path) -> None:
    out = tmp_path / "parity.out"
    result = RUNNER.invoke(app, ["check", "parity", str(put(tmp_path, "mystery")), "--salt", "a", "--json", str(out)])
    assert result.exit_code == 1
    assert "WRONG" in result.output
    content = json.loads(out.read_text())
    assert (content["is_ok"], content["salt"]) == (False, "a")


def test_a_folder_that_cannot_be_read_is_the_users_error(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["check", "parity", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, BadSetting)
    assert "is no folder" in str(result.exception)
