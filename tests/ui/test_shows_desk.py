"""House rules, shows and sign-off as the page asks for them."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.domain.project import Project
from studio.service import LineEdit, Studio
from studio.ui.desk import Desk, DeskFeed


@pytest.fixture
def desk(studio: Studio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


def test_rules_are_answered_whole_and_say_how_many_lines_break_one(desk: Desk, studio: Studio, project: Project) -> None:
    speaker = studio.rows(project.id)[0].speaker
    studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(target_text="Kommst du, okay?"))
    desk.set_phrases([["one two", "eins zwei"], ["", "left out"]])
    desk.set_addresses([{"speaker": speaker.name, "to": "", "form": "formal"}])
    view = desk.set_sheet(speaker_id=speaker.id, max_pace=3.5, forbidden=["okay", " "], preferred=[["a", "b"], ["c", ""]], note=" plain ")
    assert view.phrases == (("one two", "eins zwei"),) and (view.familiar, view.formal, view.pace_unit) == ("du", "Sie", "syllables")
    assert view.sheets[0].forbidden == ("okay",) and view.sheets[0].preferred == (("a", "b"),) and view.sheets[0].note == "plain"
    assert view.violations == 1 and len(studio.rows(project.id)[0].flags) >= 4


@pytest.mark.parametrize(
    ("verb", "values", "error"),
    [
        ("set_phrases", {"pairs": "x"}, BadSetting),
        ("set_phrases", {"pairs": [["a", 1]]}, BadSetting),
        ("set_phrases", {"pairs": [["a", "b"]] * 900}, BadSetting),
        ("set_addresses", {"addresses": [{"speaker": "x", "form": "rude"}]}, BadSetting),
        ("set_addresses", {"addresses": {"speaker": "x"}}, BadSetting),
        ("set_sheet", {"speaker_id": "nobody"}, NotFound),
        ("join_show", {"show_id": "nobody"}, NotFound),
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence(desk: Desk, verb: str, values: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"\.$"):
        getattr(desk, verb)(**values)


def test_a_show_begins_with_what_its_first_episode_decided(desk: Desk, studio: Studio, project: Project) -> None:
    desk.set_phrases([["pier", "Pier"]])
    view = desk.create_show("Harbour")
    assert view.show is not None and view.show.episodes == 1 and "0 terms, 1 key phrase and 0 characters" in view.said[0]
    other = studio.create_project("Two", "en", "de")
    joined = Desk(studio, other.id, DeskFeed()).join_show(view.show.id)
    assert joined.phrases == (("pier", "Pier"),) and joined.show is not None and joined.show.episodes == 2
    assert desk.take_from_show().complaints == () and desk.leave_show().show is None


def test_signing_off_answers_with_the_desk_as_it_is_then(desk: Desk, studio: Studio, project: Project) -> None:
    first, second = (row.line.id for row in studio.rows(project.id))
    studio.revise_line(project.id, first, LineEdit(target_text="eins"))
    plan = desk.plan_sign_off(scene_line_id=first)
    assert plan.ready == (first,) and plan.empty == (second,)
    reply = desk.sign_off([first, second])
    assert [row.status for row in reply.desk.rows] == ["approved", "draft"]
