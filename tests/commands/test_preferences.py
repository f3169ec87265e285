"""`python -m studio preferences`: choices counted and written for training."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.translation.records import read_records
from studio.cli import app
from studio.domain.errors import BadSetting, NotReady
from studio.domain.line import Candidate, Estimate, Fit, Prediction
from studio.service import LineEdit, Studio
from tests.studio_fixtures import SCRIPT, fake_studio


def decide(studio: Studio, name: str) -> str:
    """A project with one choice; returns its id."""
    project = studio.create_project(name, "en", "de")
    studio.import_script(project.id, SCRIPT, "lines.srt")
    studio.set_learning(project.id, True)
    line_id = studio.rows(project.id)[0].line.id
    candidate = Candidate("c" * 32, line_id, "Eins, zwei.", "machine", 0.0, 0, Prediction(Estimate(700, 0, "e"), 0, 0.0, Fit.FITS))
    studio._shop.lines.put_candidates(line_id, (candidate,))
    studio.pick_candidate(project.id, line_id, candidate.id)
    studio.revise_line(project.id, line_id, LineEdit(target_text="Eins und zwei."))
    return project.id


def run(home: Path, *words: str) -> str:
    answer = CliRunner().invoke(app, ["preferences", *words, "--home", str(home)])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_choices_are_counted_and_written_for_one_project_or_all_of_the_users(home: Path, tmp_path: Path) -> None:
    studio = fake_studio(home)
    first, second = decide(studio, "Pilot"), decide(studio, "Second")
    decide(studio.as_user("eve"), "Hers")
    studio.create_project("Bare", "en", "de")
    studio.close()
    counted = run(home, "count")
    assert "Hers" not in counted
    assert [line.split()[1] for line in counted.splitlines()] == ["0", "1", "1"]
    out = tmp_path / "desk.jsonl"
    assert "1 choice in 1 scene of 1 project." in run(home, "export", "--project", "Pilot", "--out", str(out))
    (scene,) = read_records(out)
    assert scene.scene_id.startswith(first)
    run(home, "export", "--all", "--out", str(out), "--form", "tagged")
    assert [(scene.scene_id.split("/")[0], scene.form) for scene in read_records(out)] == [(second, "tagged"), (first, "tagged")]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("desk")) == ["desk.jsonl"]


def test_what_is_missing_is_said(home: Path, tmp_path: Path) -> None:
    studio = fake_studio(home)
    studio.create_project("Twin", "en", "de")
    studio.create_project("Twin", "en", "de")
    studio.close()
    out = str(tmp_path / "desk.jsonl")
    for words, error, sentence in (
        (("export", "--out", out), BadSetting, "one project with --project, or all with --all"),
        (("export", "--out", out, "--all", "--project", "Twin"), BadSetting, "one project"),
        (("export", "--out", out, "--all"), NotReady, "no choices to export yet"),
        (("export", "--out", out, "--project", "Other"), BadSetting, "There is no project “Other”"),
        (("export", "--out", out, "--project", "Twin"), BadSetting, "2 projects are called “Twin”"),
    ):
        with pytest.raises(error, match=sentence):
            run(home, *words)
    assert not Path(out).exists()
