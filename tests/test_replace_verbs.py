"""Search and replace: what is shown first is what is done, in one action, and nobody's words are lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.domain.line import LineStatus
from studio.domain.project import Project
from studio.replace_verbs import SOURCE, SPEAKER_NAME, TARGET, ReplacePreview
from studio.service import LineEdit, Pick, SearchWish, Studio
from tests.studio_fixtures import fake_studio

CUES = ("WEBVTT\n\n" + "\n".join(f"00:00:{2 * n:02d}.000 --> 00:00:{2 * n + 1:02d}.500\n<v Mei>line {n}\n" for n in range(1, 6))).encode()


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project(studio: Studio) -> Project:
    made = studio.create_project("Pier", "en", "de")
    studio.import_script(made.id, CUES, "pier.vtt")
    for row, text in zip(studio.rows(made.id), ("the pier", "pier and pier", "a dock", "pier", "piers"), strict=True):
        studio.revise_line(made.id, row.line.id, LineEdit(target_text=text))
    return made


def texts(studio: Studio, project: Project) -> list[str]:
    return [row.line.target_text for row in studio.rows(project.id)]


def picks(preview: ReplacePreview) -> list[Pick]:
    return [Pick(hit.subject_id, hit.field, hit.before, tuple(range(len(hit.places)))) for hit in preview.hits]


def test_what_is_ticked_is_replaced_in_one_action_that_undo_takes_back(studio: Studio, project: Project) -> None:
    wish = SearchWish("pier", "dock", whole_words=True)
    found = studio.preview_replace(project.id, wish)
    assert [(hit.number, len(hit.places)) for hit in found.hits] == [(1, 1), (2, 2), (4, 1)] and found.sentence == ""
    ticked = picks(found)
    ticked[1] = Pick(ticked[1].subject_id, TARGET, "pier and pier", (1,))
    before = len(studio.history(project.id))
    done = studio.replace(project.id, wish, ticked)
    assert texts(studio, project) == ["the dock", "pier and dock", "a dock", "dock", "piers"]
    assert done.place_count == 3 and len(done.subject_ids) == 3 and done.passed_over == ()
    history = studio.history(project.id)
    assert len(history) == before + 1 and history[0].title == "“pier” replaced in 3 lines"
    studio.undo(project.id)
    assert texts(studio, project) == ["the pier", "pier and pier", "a dock", "pier", "piers"]


def test_locked_lines_are_shown_with_the_reason_and_passed_over(studio: Studio, project: Project) -> None:
    first, second = (row.line.id for row in studio.rows(project.id)[:2])
    studio.set_status(project.id, [first], LineStatus.LOCKED)
    studio.set_status(project.id, [second], LineStatus.APPROVED)
    wish = SearchWish("pier", "dock")
    found = studio.preview_replace(project.id, wish)
    assert "locked" in found.hits[0].why_not and found.hits[1].is_approved and not found.hits[2].is_approved
    done = studio.replace(project.id, wish, picks(found))
    assert texts(studio, project)[:2] == ["the pier", "dock and dock"]
    assert done.passed_over == ("Line 1 was passed over: it is locked.",)


def test_a_line_changed_since_the_preview_is_not_overwritten_and_one_that_is_gone_is_told(studio: Studio, project: Project) -> None:
    wish = SearchWish("pier", "dock")
    found = studio.preview_replace(project.id, wish)
    rows = studio.rows(project.id)
    studio.revise_line(project.id, rows[0].line.id, LineEdit(target_text="my pier"))
    studio.delete_lines(project.id, [rows[3].line.id])
    done = studio.replace(project.id, wish, picks(found))
    assert texts(studio, project) == ["my pier", "dock and dock", "a dock", "docks"]
    assert done.passed_over == ("Line 1 was passed over: its text has been changed since you looked.", "One of the lines is gone since you looked.")


def test_a_line_that_would_grow_too_long_keeps_its_words(studio: Studio, project: Project) -> None:
    first = studio.rows(project.id)[0].line.id
    studio.revise_line(project.id, first, LineEdit(target_text="a" * 1000))
    wish = SearchWish("a", "b" * 50)
    found = studio.preview_replace(project.id, wish, line_ids=[first])
    done = studio.replace(project.id, wish, picks(found))
    assert texts(studio, project)[0] == "a" * 1000 and "2000 characters" in done.passed_over[0] and done.place_count == 0


def test_names_of_speakers_sources_and_a_selection_are_searched_when_asked(studio: Studio, project: Project) -> None:
    wish = SearchWish("Mei", "May")
    found = studio.preview_replace(project.id, wish, (SPEAKER_NAME, SOURCE))
    assert [hit.field for hit in found.hits] == [SPEAKER_NAME]
    studio.replace(project.id, wish, picks(found))
    assert {row.speaker.name for row in studio.rows(project.id)} == {"May"}
    studio.undo(project.id)
    assert {row.speaker.name for row in studio.rows(project.id)} == {"Mei"}
    some = [row.line.id for row in studio.rows(project.id)[1:3]]
    assert [hit.number for hit in studio.preview_replace(project.id, SearchWish("line"), (SOURCE,), some).hits] == [2, 3]
    with pytest.raises(BadSetting, match="One can search"):
        studio.preview_replace(project.id, wish, ("voice",))
