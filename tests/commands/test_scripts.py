"""`python -m studio export --format` and `import`: scripts out, edited elsewhere, and in again."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.domain.errors import BadSetting, BadSubtitles
from studio.domain.line import LineStatus
from studio.formats.dapt_check import dapt_faults
from studio.service import LineEdit
from tests.studio_fixtures import SCRIPT, fake_studio

GERMAN = SCRIPT.replace(b"one two", b"eins zwei").replace(b"three four five", b"drei vier")


def run(home: Path, *words: str) -> str:
    answer = CliRunner().invoke(app, [*words, "--home", str(home)])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.output


@pytest.fixture
def pilot(home: Path) -> Path:
    """A home with the project Pilot: two lines, translated."""
    studio = fake_studio(home)
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, SCRIPT, "lines.srt")
    studio.import_script(project.id, GERMAN, "de.srt", as_target=True)
    studio.close()
    return home


@pytest.mark.parametrize("form", ["dapt", "srt", "vtt", "ass", "ttml", "csv", "xlsx"])
def test_every_format_goes_out_and_comes_in_again_without_a_change(pilot: Path, tmp_path: Path, form: str) -> None:
    said = run(pilot, "export", "Pilot", "--format", form, "--out", str(tmp_path / "out"))
    path = Path(said.strip())
    assert path.parent == tmp_path / "out" and path.stat().st_size > 50
    if form == "dapt":
        assert dapt_faults(path.read_text(encoding="utf-8")) == ()
    answer = run(pilot, "import", str(path), "--project", "Pilot")
    assert "0 changed, 0 new, 2 the same, 0 not in the script, 0 locked." in answer and "There is nothing to change." in answer


def test_an_update_is_shown_then_applied_as_one_action_and_locked_lines_stay(pilot: Path, tmp_path: Path) -> None:
    studio = fake_studio(pilot)
    (project,) = [view.project for view in studio.projects()]
    second = studio.rows(project.id)[1].line
    studio.revise_line(project.id, second.id, LineEdit(status=LineStatus.LOCKED))
    path = tmp_path / "back.csv"
    table = Path(run(pilot, "export", "Pilot", "--format", "csv", "--out", str(tmp_path)).strip()).read_text(encoding="utf-8")
    path.write_text(table.replace("eins zwei", "ein-zwei").replace("drei vier", "drei") + "x,5,6,Ann,six,sechs,,,\r\n", encoding="utf-8")
    shown = run(pilot, "import", str(path), "--project", project.id, "--as", "update", "--dry-run")
    assert "translation: “eins zwei” → “ein-zwei”" in shown and "Line 2 is locked" in shown and "New: 00:00:05:00 “six”" in shown
    assert [row.line.target_text for row in studio.rows(project.id)] == ["eins zwei", "drei vier"]
    with pytest.raises(BadSetting, match="say --yes"):
        run(pilot, "import", str(path), "--project", "Pilot")
    assert "1 line changed, 1 added, as one action" in run(pilot, "import", str(path), "--project", "Pilot", "--yes")
    assert [row.line.target_text for row in studio.rows(project.id)] == ["ein-zwei", "drei vier", "sechs"]
    studio.undo(project.id)
    assert [row.line.target_text for row in studio.rows(project.id)] == ["eins zwei", "drei vier"]
    assert [speaker.name for speaker in studio.speakers(project.id)] == ["Speaker 1"]


def test_a_script_for_another_video_changes_nothing_unless_it_is_asked_for_again(pilot: Path, tmp_path: Path) -> None:
    out = Path(run(pilot, "export", "Pilot", "--format", "dapt", "--out", str(tmp_path)).strip())
    other = tmp_path / "other.ttml"
    other.write_text(out.read_text(encoding="utf-8").replace('xml:lang="de"', 'xml:lang="fr"'), encoding="utf-8")
    with pytest.raises(BadSubtitles, match="translated into French, and this project German.*Nothing was changed"):
        run(pilot, "import", str(other), "--project", "Pilot", "--as", "lines")
    assert "2 lines" in run(pilot, "import", str(other), "--project", "Pilot", "--as", "lines", "--anyway")


def test_wrong_wishes_are_said(pilot: Path, tmp_path: Path) -> None:
    for words, match in (
        (("export", "Pilot", "--format", "docx", "--out", str(tmp_path)), "no format “docx” to export; there are: dapt, srt"),
        (("export", "Pilot", "--format", "dapt", "--script", "novel", "--out", str(tmp_path)), "no kind of script “novel”"),
        (("export", "Nobody", "--format", "srt", "--out", str(tmp_path)), "no project “Nobody”"),
        (("import", str(tmp_path / "gone.srt"), "--project", "Pilot"), "cannot be read"),
    ):
        with pytest.raises(BadSetting, match=match):
            run(pilot, *words)


def test_the_projects_and_formats_are_listed(pilot: Path) -> None:
    listed = run(pilot, "export")
    assert "Pilot" in listed and "--format xlsx" in listed and "--kind video" in listed
