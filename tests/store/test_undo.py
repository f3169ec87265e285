"""Undo that lasts: actions are taken back whole and exactly, nobody else's work is overwritten, and every moment can be restored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine

from studio.domain.errors import NotReady
from studio.domain.history import ChangedSince, ChangeKind, Undone
from studio.domain.line import Line, LineStatus, SpeakerProfile, VoiceRef
from studio.domain.project import Cast, Project
from studio.domain.timing import TimeSpan
from studio.store.changes import Action
from studio.store.database import new_id, open_database
from studio.store.lines import Imported, LineChange, LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import ANNA, BO, a_candidate, a_cast, a_line, a_project, a_take


@pytest.fixture
def cast(lines: LineStore, project: Project) -> Cast:
    made = a_cast()
    lines.replace_cast(project.id, made, by="machine")
    for line in made.lines:
        lines.put_candidates(line.id, tuple(a_candidate(line.id, rank) for rank in range(3)))
    return made


def undo(lines: LineStore, project: Project, by: str = "ada") -> Undone:
    change_id = lines.next_undo(project.id, by)
    assert change_id is not None
    return lines.take_back(project.id, change_id, by=by)


def redo(lines: LineStore, project: Project, by: str = "ada") -> Undone:
    change_id = lines.next_redo(project.id, by)
    assert change_id is not None
    return lines.take_back(project.id, change_id, by=by)


def standing(lines: LineStore, project: Project) -> tuple[object, ...]:
    """All that undo answers for: the cast in its order, and the wordings of every line."""
    cast = lines.cast(project.id)
    return cast.speakers, cast.lines, tuple(lines.candidates(project.id, line.id) for line in cast.lines)


def typed(lines: LineStore, project: Project, line: Line, text: str, by: str | Action = "ada") -> Line:
    return lines.edit(project.id, line.id, lambda now: replace(now, target_text=text), by=by)


def test_an_action_has_a_title_and_bears_its_edits(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[1], "neu")
    (change,) = lines.changes(project.id, limit=1)
    assert (change.title, change.by, change.kind, [edit.field for edit in change.edits]) == ("Translation of line 2", "ada", ChangeKind.EDIT, ["target_text"])


STRUCTURAL: dict[str, Callable[[LineStore, Project, Cast], object]] = {
    "Deleted 2 lines": lambda lines, project, cast: lines.delete_lines(project.id, [line.id for line in cast.lines[:2]], by="ada"),
    "Deleted line 3": lambda lines, project, cast: lines.delete_lines(project.id, [cast.lines[2].id], by="ada"),
    "New line 2": lambda lines, project, cast: lines.add_lines(project.id, [a_line(1000)], by="ada"),
    "Split of line 2": lambda lines, project, cast: lines.split_line(
        project.id, replace(cast.lines[1], span=TimeSpan(2000, 2400)), a_line(2400, speaker_id=BO.id), by="ada"
    ),
    "Merge of 2 lines": lambda lines, project, cast: lines.merge_lines(
        project.id, replace(cast.lines[0], span=TimeSpan(0, 4900)), [cast.lines[2].id], by="ada"
    ),
    "Status of 2 lines: approved": lambda lines, project, cast: lines.change_lines(
        project.id, LineChange(revised=tuple(replace(line, status=LineStatus.APPROVED) for line in cast.lines)), by="ada"
    ),
    "Name of speaker “Mei”": lambda lines, project, cast: lines.update_speaker(project.id, ANNA.id, name="Mei", by="ada"),
    "Voice of speaker “Anna”": lambda lines, project, cast: lines.set_speaker_voice(project.id, ANNA.id, VoiceRef("edge", "x"), by="ada"),
    "Speakers merged": lambda lines, project, cast: lines.merge_speakers(project.id, [ANNA.id, BO.id], by="ada"),
    "New speaker “Cy” for line 1": lambda lines, project, cast: lines.split_speaker(
        project.id, ANNA.id, [cast.lines[0].id], SpeakerProfile("c" * 32, "Cy"), by="ada"
    ),
}


@pytest.mark.parametrize("title", STRUCTURAL)
def test_every_action_is_taken_back_exactly_and_redone_exactly(lines: LineStore, project: Project, cast: Cast, title: str) -> None:
    before = standing(lines, project)
    STRUCTURAL[title](lines, project, cast)
    after = standing(lines, project)
    assert after != before and lines.changes(project.id, limit=1)[0].title == title
    for _ in range(2):
        assert undo(lines, project).title == title
        assert standing(lines, project) == before
        assert redo(lines, project).title == title
        assert standing(lines, project) == after


def test_an_import_is_taken_back_with_wordings_and_takes(lines: LineStore, project: Project, cast: Cast) -> None:
    take = a_take(cast.lines[0].id)
    lines.add_take(take)
    lines.circle_take(project.id, cast.lines[0].id, take.id, by="machine")
    before = standing(lines, project)
    other = Cast((SpeakerProfile("d" * 32, "Di"),), tuple(a_line(100 * number, speaker_id="d" * 32) for number in range(4)))
    lines.replace_cast(project.id, other, by=Action("ada", "Import of “x.srt”"))
    assert lines.cast(project.id).speakers == other.speakers
    undo(lines, project)
    assert standing(lines, project) == before
    assert lines.takes(project.id, cast.lines[0].id) == (take,) and lines.circled_takes(project.id) == (take,)
