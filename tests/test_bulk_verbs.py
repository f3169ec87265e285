"""Many lines at once: one action each, locked lines told, and a speaker goes only when somebody takes the lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import LineStatus, VoiceRef
from studio.domain.project import Project
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.service import LineEdit, Studio
from tests.studio_fixtures import fake_studio

TIMES = (1, 3, 5, 20)
CUES = ("WEBVTT\n\n" + "\n".join(f"00:00:{at:02d}.000 --> 00:00:{at + 1:02d}.000\n<v {'Mei' if n % 2 else 'Lao'}>line {n}\n" for n, at in enumerate(TIMES, start=1))).encode()


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project(studio: Studio) -> Project:
    made = studio.create_project("Many", "en", "de")
    studio.import_script(made.id, CUES, "many.vtt")
    return made


def ids(studio: Studio, project: Project) -> list[str]:
    return [row.line.id for row in studio.rows(project.id)]


def test_status_speaker_scales_and_times_change_as_one_action_each(studio: Studio, project: Project) -> None:
    first, second, third, _ = ids(studio, project)
    lao = next(row.speaker.id for row in studio.rows(project.id) if row.speaker.name == "Lao")
    edit = LineEdit(status=LineStatus.ADAPTED, speaker_id=lao, guidance=Guidance(2.0, 1.0))
    before = len(studio.history(project.id))
    done = studio.revise_lines(project.id, [first, second, third], edit, shift_ms=40)
    assert done.changed_count == 3 and done.passed_over == () and len(studio.history(project.id)) == before + 1
    rows = studio.rows(project.id)
    assert [row.speaker.name for row in rows] == ["Lao", "Lao", "Lao", "Lao"] and [row.line.span.start_ms for row in rows] == [1040, 3040, 5040, 20_000]
    assert all(row.line.status is LineStatus.ADAPTED and row.line.guidance == Guidance(2.0, 1.0) for row in rows[:3])
    studio.undo(project.id)
    assert [row.speaker.name for row in studio.rows(project.id)] == ["Mei", "Lao", "Mei", "Lao"]


def test_locked_lines_are_left_and_told_but_can_be_unlocked(studio: Studio, project: Project) -> None:
    first, second, *_ = ids(studio, project)
    studio.set_status(project.id, [second], LineStatus.LOCKED)
    done = studio.revise_lines(project.id, [first, second], LineEdit(), shift_ms=-500)
    assert done.changed_count == 1 and done.passed_over == ("Line 2 is locked and was left as it is.",)
    assert studio.revise_lines(project.id, [second], LineEdit(status=LineStatus.DRAFT)).changed_count == 1


def test_no_line_ends_after_a_day_however_it_gets_there(studio: Studio, project: Project) -> None:
    line_id, day_ms = ids(studio, project)[-1], 24 * 3600 * 1000
    beyond = "within the first 24 hours"
    with pytest.raises(BadSetting, match=beyond):
        studio.revise_line(project.id, line_id, LineEdit(span=TimeSpan(0, day_ms + 1)))
    with pytest.raises(BadSetting, match=beyond):
        studio.add_line(project.id, day_ms, day_ms + 1)
    with pytest.raises(BadSetting, match=beyond):
        studio.revise_lines(project.id, [line_id], LineEdit(), shift_ms=day_ms)
    assert studio.revise_line(project.id, line_id, LineEdit(span=TimeSpan(0, day_ms))).line.span.end_ms == day_ms


def test_a_shift_before_the_beginning_changes_nothing_at_all(studio: Studio, project: Project) -> None:
    with pytest.raises(BadSetting, match="Line 1 would begin before the programme does"):
        studio.revise_lines(project.id, ids(studio, project), LineEdit(), shift_ms=-1001)
    assert [row.line.span.start_ms for row in studio.rows(project.id)] == [1000, 3000, 5000, 20_000]


def test_what_differs_from_line_to_line_and_what_is_not_here_is_refused(studio: Studio, project: Project) -> None:
    some = ids(studio, project)[:2]
    with pytest.raises(BadSetting, match="line by line"):
        studio.revise_lines(project.id, some, LineEdit(target_text="x"))
    with pytest.raises(NotFound):
        studio.revise_lines(project.id, some, LineEdit(speaker_id="nobody"))
    with pytest.raises(BadSetting, match="no voice"):
        studio.revise_lines(project.id, some, LineEdit(voice=VoiceRef("none", "nobody")))


def test_a_scene_is_selected_by_any_of_its_lines(studio: Studio, project: Project) -> None:
    all_ids = ids(studio, project)
    assert list(studio.scene_line_ids(project.id, all_ids[1])) == all_ids[:3] and list(studio.scene_line_ids(project.id, all_ids[3])) == all_ids[3:]
    with pytest.raises(NotFound):
        studio.scene_line_ids(project.id, "none")


def test_a_speaker_with_lines_goes_only_when_somebody_takes_them(studio: Studio, project: Project) -> None:
    mei, lao = (next(row.speaker.id for row in studio.rows(project.id) if row.speaker.name == name) for name in ("Mei", "Lao"))
    with pytest.raises(NotReady, match="say who takes them"):
        studio.remove_speaker(project.id, mei)
    studio.remove_speaker(project.id, mei, lao)
    assert {row.speaker.name for row in studio.rows(project.id)} == {"Lao"} and [one.id for one in studio.project(project.id).speakers] == [lao]
    assert studio.history(project.id)[0].title == "Speaker “Mei” removed"
    studio.undo(project.id)
    assert [row.speaker.name for row in studio.rows(project.id)] == ["Mei", "Lao", "Mei", "Lao"]


def test_a_speaker_with_locked_lines_stays_with_them(studio: Studio, project: Project) -> None:
    mei, lao = (next(row.speaker.id for row in studio.rows(project.id) if row.speaker.name == name) for name in ("Mei", "Lao"))
    locked = next(row.line.id for row in studio.rows(project.id) if row.speaker.id == mei)
    studio.set_status(project.id, [locked], LineStatus.LOCKED)
    before = studio.rows(project.id)
    for merge in (lambda: studio.remove_speaker(project.id, mei, lao), lambda: studio.merge_speakers(project.id, (lao, mei))):
        with pytest.raises(BadSetting, match="1 line is locked, so their speaker stays; unlock it first"):
            merge()
    assert studio.rows(project.id) == before
    studio.merge_speakers(project.id, (mei, lao))  # a locked line keeps its speaker; others may join it
    assert {row.speaker.id for row in studio.rows(project.id)} == {mei}
