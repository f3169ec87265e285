"""A project leaves one home as a file and enters another, from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.commandline import studio
from tests.studio_fixtures import clip_project, fake_studio


def test_a_project_goes_from_one_home_to_another(tmp_path: Path, clip: Path) -> None:
    there = fake_studio(tmp_path / "there")
    clip_project(there, clip)
    there.close()
    said = studio("project", "export", "Pilot", "--out", tmp_path / "pilot.zip", "--home", tmp_path / "there")
    assert said.code == 0, said.err
    said = studio("project", "import", tmp_path / "pilot.zip", "--home", tmp_path / "here")
    assert said.code == 0, said.err
    here = fake_studio(tmp_path / "here")
    (view,) = [one for one in here.projects() if one.project.name == "Pilot"]
    assert [row.line.source_text for row in here.rows(view.project.id)] == ["one two", "three four five"]
    here.close()


def test_what_is_no_project_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    said = studio("project", "import", tmp_path / "a.zip", "--home", tmp_path / "home")
    assert said.code == 2
    assert said.is_one_sentence()
