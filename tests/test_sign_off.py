"""Sign-off says what it takes in, takes in only that, and is one action that undo takes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import NotReady
from studio.domain.line import LineStatus
from studio.domain.project import Cast
from studio.service import LineEdit, Studio
from tests.studio_fixtures import fake_studio

CUES = b"".join(b"%d\n00:00:%02d,000 --> 00:00:%02d,900\nline %d\n\n" % (n + 1, at, at, n) for n, at in enumerate((0, 1, 2, 8, 9)))


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project_id(studio: Studio) -> str:
    """Five lines: ready, over budget, with a note; then after a pause one empty and one locked, of another speaker."""
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, CUES, "a.srt")
    ids = [row.line.id for row in studio.rows(project.id)]
    for line_id, words in zip(ids, ("eins", "zwei " * 60, "drei", "", "fünf"), strict=True):
        studio.revise_line(project.id, line_id, LineEdit(target_text=words))
    studio.add_note(project.id, "?", ids[2])
    studio.split_speaker(project.id, studio.rows(project.id)[4].speaker.id, [ids[4]], "Tom")
    studio.set_status(project.id, [ids[4]], LineStatus.LOCKED)
    return project.id


def test_the_plan_parts_lines_by_what_speaks_against_them(studio: Studio, project_id: str) -> None:
    rows = studio.rows(project_id)
    ids = [row.line.id for row in rows]
    whole = studio.plan_sign_off(project_id, rows)
    assert (whole.ready, whole.over, whole.noted, whole.empty, whole.locked) == ((ids[0],), (ids[1],), (ids[2],), (ids[3],), (ids[4],))
    scene = studio.plan_sign_off(project_id, rows, scene_line_id=ids[4])
    assert (scene.ready, scene.empty, scene.locked) == ((), (ids[3],), (ids[4],))
    assert studio.plan_sign_off(project_id, rows, speaker_id=rows[4].speaker.id).locked == (ids[4],)


def test_approving_is_one_action_that_passes_over_what_cannot_be_approved(studio: Studio, project_id: str) -> None:
    ids = [row.line.id for row in studio.rows(project_id)]
    assert studio.approve_lines(project_id, [*ids, "gone"]).changed_count == 3
    status = [row.line.status for row in studio.rows(project_id)]
    assert status == [LineStatus.APPROVED] * 3 + [LineStatus.DRAFT, LineStatus.LOCKED]
    latest = studio.history(project_id)[0]
    assert latest.title == "Approved 3 lines" and latest.by == studio.user
    studio.undo(project_id)
    assert LineStatus.APPROVED not in [row.line.status for row in studio.rows(project_id)]
    with pytest.raises(NotReady, match="None of these"):
        studio.approve_lines(project_id, ids[3:])


def test_a_line_locked_or_approved_between_the_look_and_the_approval_stays_as_it_is(studio: Studio, project_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [row.line.id for row in studio.rows(project_id)]
    lines = studio._shop.lines
    look = lines.cast

    def looked_and_then_locked(project: str) -> Cast:
        cast = look(project)
        monkeypatch.setattr(lines, "cast", look)
        studio.set_status(project, [ids[1]], LineStatus.LOCKED)
        return cast

    monkeypatch.setattr(lines, "cast", looked_and_then_locked)
    assert studio.approve_lines(project_id, ids[:2]).changed_count == 1
    assert [row.line.status for row in studio.rows(project_id)][:2] == [LineStatus.APPROVED, LineStatus.LOCKED]
    studio.set_status(project_id, [ids[1]], LineStatus.APPROVED)  # asked for by name, a lock opens
    assert studio.rows(project_id)[1].line.status is LineStatus.APPROVED
