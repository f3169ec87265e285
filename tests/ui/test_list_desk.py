"""The desk's calls for many lines: previews as the page paints them, replies with the whole desk and what was passed over."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.project import Project
from studio.service import Studio
from studio.ui.desk import Desk, DeskFeed, Revision
from studio.ui.list_desk import BulkChange
from studio.ui.desk_calls import CALLS


@pytest.fixture
def desk(studio: Studio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


def test_a_preview_cuts_a_text_where_the_page_paints_it_and_its_picks_replace(desk: Desk) -> None:
    first, second = desk.view().order
    desk.revise(Revision(first, target="the pier, the pier."))
    wish = {"find": "pier", "put": "dock"}
    found = CALLS["preview_replace"](desk, wish=wish, places=["target", "speaker"])
    hit = found.hits[0]
    assert found.place_count == 2 and [(one.lead, one.found, one.put) for one in hit.places] == [("the ", "pier", "dock"), (", the ", "pier", "dock")] and hit.tail == "."
    assert (hit.field, hit.number, hit.subject_id) == ("target", 1, first)
    reply = CALLS["replace"](desk, wish=wish, picks=[{"subject_id": first, "field": "target", "before": hit.before, "ranks": [1]}])
    assert reply.changed_count == 1 and next(row for row in reply.desk.rows if row.id == first).target == "the pier, the dock."
    with pytest.raises(BadSetting, match="Tick where to look"):
        CALLS["preview_replace"](desk, wish=wish, places=[])
    with pytest.raises(BadSetting, match="at least one place"):
        CALLS["replace"](desk, wish=wish, picks=[])
    assert CALLS["preview_replace"](desk, wish=wish, places=["target"], line_ids=[second]).hits == ()


@pytest.mark.parametrize("field", ["revision", "", None, ["target"]])
def test_a_place_that_is_none_is_refused_in_a_sentence(desk: Desk, field: object) -> None:
    """Found by fuzzing: a field that the page does not know reached the lines."""
    pick = {"subject_id": desk.view().rows[0].id, "field": field, "before": "", "ranks": [0]}
    with pytest.raises(BadSetting, match="Tick places in translations"):
        CALLS["replace"](desk, wish={"find": "o"}, picks=[pick])


def test_a_bulk_change_answers_with_the_desk_and_says_what_was_locked(desk: Desk) -> None:
    first, second = desk.view().order
    desk.set_status([second], "locked")
    reply = CALLS["revise_lines"](desk, line_ids=[first, second], own_guidance=True, face_scale=2.0, shift_ms=20)
    rows = {row.id: row for row in reply.desk.rows}
    assert reply.changed_count == 1 and reply.passed_over == ("Line 2 is locked and was left as it is.",)
    assert rows[first].face_scale == 2.0 and rows[first].start_ms == 420 and rows[second].start_ms == 1700
    voice = desk.view().voices[-1].key
    assert desk.revise_lines(BulkChange((first,), voice=voice)).changed_count == 1
    assert desk.revise_lines(BulkChange((first,), voice="", own_guidance=False)).changed_count == 1
    assert CALLS["scene"](desk, line_id=first) == {"line_ids": (first, second)}


def test_rows_say_how_dense_their_words_are(desk: Desk) -> None:
    first = desk.view().order[0]
    row = desk.revise(Revision(first, target="eins zwei")).row
    assert row is not None and row.pace == 2.2 and row.pace_unit == "syllables"
