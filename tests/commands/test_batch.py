"""Whose projects a catalogue makes, from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio import bootstrap
from studio.cli import app
from tests.studio_fixtures import SCRIPT, fake_rack, fake_studio


def test_the_projects_are_of_the_person_named_and_gone_on_with_as_theirs(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(clip, tmp_path / "one.mp4")
    (tmp_path / "one.srt").write_bytes(SCRIPT)
    (tmp_path / "list.csv").write_text("path,from,lines\none.mp4,en,one.srt\n")
    real = bootstrap.open_studio
    monkeypatch.setattr(bootstrap, "open_studio", lambda place, **more: real(place, engines=fake_rack(), **more))
    words = ["batch", str(tmp_path / "list.csv"), "--to", "de", "--home", str(tmp_path / "home")]
    for again in (False, True):
        shutil.rmtree(tmp_path / "dubs", ignore_errors=True)
        said = CliRunner().invoke(app, [*words, "--user", "anna"])
        assert said.exit_code == 0, (again, said.output)
    studio = fake_studio(tmp_path / "home")
    assert studio.projects() == ()
    (view,) = studio.as_user("anna").projects()
    assert view.project.owner == "anna" and view.project.name.startswith("one")
    studio.close()
