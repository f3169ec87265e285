"""House rules and shows through the studio: lines say what they break, and the next episode begins with what this one decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.bible import CharacterSheet
from studio.domain.errors import NotFound, NotReady
from studio.domain.house import FAMILIAR, FORMAL, Address
from studio.service import LineEdit, Studio
from tests.studio_fixtures import SCRIPT, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


def episode(studio: Studio, name: str = "One") -> str:
    project = studio.create_project(name, "en", "de")
    studio.import_script(project.id, SCRIPT, "a.srt")
    studio.rename_speaker(project.id, studio.rows(project.id)[0].speaker.id, "Mara")
    return project.id


def decided(studio: Studio, project_id: str) -> str:
    """An episode with a rule of each kind; returns its speaker's id."""
    speaker_id = studio.rows(project_id)[0].speaker.id
    studio.set_terms(project_id, [("three", "Drei")])
    studio.set_phrases(project_id, [("one two", "eins zwei")])
    studio.set_addresses(project_id, [Address("Mara", "", FORMAL)])
    studio.set_sheet(project_id, speaker_id, CharacterSheet("Mara", forbidden=("okay",)))
    studio.set_speaker_voice(project_id, speaker_id, studio.voices(project_id)[1].ref)
    return speaker_id


def test_a_line_says_what_rules_it_breaks_among_its_flags(studio: Studio) -> None:
    project_id = episode(studio)
    decided(studio, project_id)
    first, second = (row.line.id for row in studio.rows(project_id))
    row = studio.revise_line(project_id, first, LineEdit(target_text="Okay, kommst du?"))
    expected = (
        "“one two” is “eins zwei” by the house rules; this translation has it otherwise.",
        "Mara says “Sie” to everybody; “du” here is the other form.",
        "Mara never says “okay”.",
    )
    assert set(expected) <= set(row.flags) and studio.consistency(project_id) == {first: expected}
    studio.revise_line(project_id, first, LineEdit(target_text="Eins zwei."))
    assert not set(expected) & set(studio.rows(project_id)[0].flags)
    studio.revise_line(project_id, second, LineEdit(target_text="Vier."))
    assert "The translation leaves out “Drei” of the glossary." in studio.rows(project_id)[1].flags


def test_a_sheet_that_changes_is_seen_on_the_lines_at_once(studio: Studio) -> None:
    project_id = episode(studio)
    first = studio.rows(project_id)[0]
    studio.revise_line(project_id, first.line.id, LineEdit(target_text="Okay."))
    assert studio.rows(project_id)[0].flags == studio.rows(project_id)[0].flags
    studio.set_sheet(project_id, first.speaker.id, CharacterSheet("x", forbidden=("okay",)))
    assert "Mara never says “okay”." in studio.rows(project_id)[0].flags
    studio.set_sheet(project_id, first.speaker.id, CharacterSheet("x"))
    assert "Mara never says “okay”." not in studio.rows(project_id)[0].flags


def test_the_next_episode_begins_with_what_this_one_decided(studio: Studio) -> None:
    one, two = episode(studio), episode(studio, "Two")
    decided(studio, one)
    show = studio.create_show("Harbour")
    studio.join_show(one, show.id)
    bible = studio.save_to_show(one).bible
    assert bible.terms == (("three", "Drei"),) and bible.characters[0].voice == studio.voices(one)[1].ref
    taken = studio.join_show(two, show.id)
    assert taken.voices == ("Mara",) and taken.sheets == ("Mara",) and taken.complaints == ()
    settings, speaker = studio.project(two).project.settings, studio.project(two).speakers[0]
    assert settings.translation.terms == (("three", "Drei"),) and settings.house.addresses == (Address("Mara", "", FORMAL),)
    assert speaker.voice == studio.voices(two)[1].ref and studio.sheets(two)[speaker.id].forbidden == ("okay",)
    assert studio.episode_counts() == {show.id: 2}
    studio.undo(two)
    assert studio.project(two).project.settings.translation.terms == () and studio.project(two).speakers[0].voice is None
    studio.leave_show(two)
    with pytest.raises(NotReady, match="no episode"):
        studio.save_to_show(two)


def test_what_an_episode_says_itself_stays_and_the_contradiction_is_told(studio: Studio) -> None:
    one, two = episode(studio), episode(studio, "Two")
    decided(studio, one)
    show = studio.create_show("Harbour")
    studio.join_show(one, show.id)
    studio.save_to_show(one)
    studio.set_addresses(two, [Address("mara", "", FAMILIAR)])
    voice = studio.voices(two)[0].ref
    studio.set_speaker_voice(two, studio.rows(two)[0].speaker.id, voice)
    taken = studio.join_show(two, show.id)
    assert taken.voices == () and len(taken.complaints) == 1 and "familiar stays" in taken.complaints[0]
    assert studio.project(two).project.settings.house.addresses == (Address("mara", "", FAMILIAR),)
    assert studio.project(two).speakers[0].voice == voice


def test_a_voice_that_another_speaker_has_is_not_taken_over(studio: Studio) -> None:
    one, two = episode(studio), episode(studio, "Two")
    decided(studio, one)
    show = studio.create_show("Harbour")
    studio.join_show(one, show.id)
    studio.save_to_show(one)
    second = studio.rows(two)[1]
    other = studio.split_speaker(two, second.speaker.id, [second.line.id], "Tom")
    studio.set_speaker_voice(two, other.id, studio.voices(two)[1].ref)
    assert studio.join_show(two, show.id).voices == ()


def test_phrases_that_contradict_each_other_are_told_and_the_first_wins(studio: Studio) -> None:
    project_id = episode(studio)
    told = studio.set_phrases(project_id, [("pier", "Pier"), ("Pier", "Steg")])
    assert told == ("The list of key phrases gives “Pier” twice: “Pier” in row 1 and “Steg” in row 2; “Pier” stays.",)
    first = studio.rows(project_id)[0].line.id
    studio.revise_line(project_id, first, LineEdit(source_text="the pier", target_text="der Steg"))
    assert studio.consistency(project_id)[first] == ("“pier” is “Pier” by the house rules; this translation has it otherwise.",)


def test_shows_of_others_are_not_there(studio: Studio) -> None:
    project_id, bobs = episode(studio), studio.as_user("bob").create_show("Bob’s")
    assert studio.shows() == ()
    for act in (lambda: studio.join_show(project_id, bobs.id), lambda: studio.rename_show(bobs.id, "x"), lambda: studio.delete_show(bobs.id)):
        with pytest.raises(NotFound):
            act()
    assert studio.as_user("bob").rename_show(bobs.id, " Bob  two ") == replace(bobs, name="Bob two")
    studio.as_user("bob").delete_show(bobs.id)
    assert studio.as_user("bob").shows() == ()


def test_a_sheet_is_part_of_the_history_and_goes_back_and_forth(studio: Studio) -> None:
    project_id = episode(studio)
    speaker_id = studio.rows(project_id)[0].speaker.id
    sheet = CharacterSheet("Mara", max_pace=3.5, forbidden=("okay",), preferred=(("ja", "jawohl"),), note="clipped")
    studio.rename_speaker(project_id, speaker_id, "Mara")
    studio.set_sheet(project_id, speaker_id, sheet)
    assert studio.history(project_id)[0].title == "Character sheet of “Mara”"
    studio.set_sheet(project_id, speaker_id, replace(sheet, note="long-winded"))
    studio.undo(project_id)
    assert studio.sheets(project_id) == {speaker_id: sheet}
    studio.undo(project_id)
    assert studio.sheets(project_id) == {} and studio.speakers(project_id)[0].name == "Mara"
    studio.redo(project_id)
    assert studio.sheets(project_id) == {speaker_id: sheet}


def test_a_speaker_who_comes_back_brings_the_sheet(studio: Studio) -> None:
    project_id = episode(studio)
    first, second = (row.speaker.id for row in studio.rows(project_id))
    if first == second:
        second = studio.split_speaker(project_id, first, [studio.rows(project_id)[1].line.id], "Jon").id
    studio.set_sheet(project_id, second, CharacterSheet("Jon", forbidden=("okay",)))
    studio.merge_speakers(project_id, [first, second])
    assert studio.sheets(project_id) == {}
    studio.undo(project_id)
    assert studio.sheets(project_id)[second].forbidden == ("okay",)
