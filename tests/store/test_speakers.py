"""Speakers: named, voiced, merged and split, with their lines and the history of the lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import SpeakerProfile, VoiceRef
from studio.domain.project import Cast, Project
from studio.store.lines import LineStore
from tests.store.samples import ANNA, BO, a_cast, a_line

CARA = SpeakerProfile("c" * 32, "Cara")


@pytest.fixture
def cast(lines: LineStore, project: Project) -> Cast:
    made = a_cast()
    lines.replace_cast(project.id, made)
    return made


def test_speakers_come_back_in_the_order_they_came(lines: LineStore, project: Project, cast: Cast) -> None:
    lines.add_speaker(project.id, CARA)
    assert lines.speakers(project.id) == (ANNA, BO, CARA)
    with pytest.raises(BadSetting, match="already is a speaker"):
        lines.add_speaker(project.id, CARA)


def test_a_speaker_is_renamed_and_given_a_voice(lines: LineStore, project: Project, cast: Cast) -> None:
    voice = VoiceRef("edge", "de-DE-KatjaNeural")
    lines.update_speaker(project.id, BO.id, name="Bogdan")
    lines.set_speaker_voice(project.id, BO.id, voice)
    assert lines.speakers(project.id)[1] == replace(BO, name="Bogdan", voice=voice)
    lines.set_speaker_voice(project.id, BO.id, None)
    assert lines.speakers(project.id)[1] == replace(BO, name="Bogdan")


def test_an_unknown_speaker_is_told_and_nothing_changes(lines: LineStore, project: Project, cast: Cast) -> None:
    unknown = "f" * 32
    for act in (
        lambda: lines.update_speaker(project.id, unknown, name="x"),
        lambda: lines.set_speaker_voice(project.id, unknown, None),
        lambda: lines.merge_speakers(project.id, [ANNA.id, unknown]),
        lambda: lines.reassign(project.id, [cast.lines[0].id], unknown, by="ada"),
        lambda: lines.split_speaker(project.id, unknown, [cast.lines[0].id], CARA),
        lambda: lines.delete_speaker(project.id, unknown),
    ):
        with pytest.raises(NotFound, match="speaker"):
            act()
    assert lines.cast(project.id) == cast


def test_merging_gives_all_lines_to_the_first(lines: LineStore, project: Project, cast: Cast) -> None:
    lines.merge_speakers(project.id, [BO.id, ANNA.id], by="ada")
    merged = lines.cast(project.id)
    assert merged.speakers == (BO,)
    assert {line.speaker_id for line in merged.lines} == {BO.id}
    moved = [edit for edit in lines.history(project.id) if edit.field == "speaker_id"]
    assert {edit.line_id for edit in moved} == {cast.lines[0].id, cast.lines[2].id}
    assert {(edit.before, edit.after, edit.by) for edit in moved} == {(ANNA.id, BO.id, "ada")}


def test_splitting_gives_some_lines_to_someone_new(lines: LineStore, project: Project, cast: Cast) -> None:
    assert lines.split_speaker(project.id, ANNA.id, [cast.lines[2].id], CARA) == CARA
    assert lines.speakers(project.id) == (ANNA, BO, CARA)
    assert [line.speaker_id for line in lines.cast(project.id).lines] == [ANNA.id, BO.id, CARA.id]


def test_splitting_off_a_line_of_someone_else_changes_nothing(lines: LineStore, project: Project, cast: Cast) -> None:
    with pytest.raises(NotFound, match="line"):
        lines.split_speaker(project.id, ANNA.id, [cast.lines[0].id, cast.lines[1].id], CARA)
    assert lines.cast(project.id) == cast


def test_reassigning_moves_exactly_the_lines_named_and_counts_as_a_change(lines: LineStore, project: Project, cast: Cast) -> None:
    lines.reassign(project.id, [cast.lines[0].id, cast.lines[1].id], BO.id, by="ada")
    assert [line.speaker_id for line in lines.cast(project.id).lines] == [BO.id, BO.id, ANNA.id]
    assert lines.revision(project.id, cast.lines[0].id) == 2
    assert lines.revision(project.id, cast.lines[1].id) == 1  # was his already
    with pytest.raises(NotFound, match="line"):
        lines.reassign(project.id, [cast.lines[2].id, "f" * 32], BO.id, by="ada")
    assert lines.line(project.id, cast.lines[2].id).speaker_id == ANNA.id


def test_a_speaker_with_lines_cannot_be_deleted(lines: LineStore, project: Project, cast: Cast) -> None:
    lines.add_speaker(project.id, CARA)
    lines.delete_speaker(project.id, CARA.id)
    with pytest.raises(BadSetting, match="still has 2 lines"):
        lines.delete_speaker(project.id, ANNA.id)
    assert lines.speakers(project.id) == (ANNA, BO)


def test_a_new_cast_may_bring_all_new_speakers(lines: LineStore, project: Project, cast: Cast) -> None:
    renamed = Cast((CARA,), (*(replace(line, speaker_id=CARA.id) for line in cast.lines), a_line(9000, speaker_id=CARA.id)))
    lines.replace_cast(project.id, renamed)
    assert lines.cast(project.id) == renamed
