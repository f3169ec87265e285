"""The desk's calls: rows as deltas, small edits, work submitted, on the real service with fake engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import LineStatus
from studio.domain.project import Project
from studio.service import Studio
from studio.ui.desk import Desk, DeskFeed, Revision
from tests.fakes import FakeTranslator
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def desk(studio: Studio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


@pytest.fixture
def first(desk: Desk) -> str:
    return desk.view().order[0]


def test_the_first_view_is_whole_and_the_next_only_what_changed(desk: Desk, first: str) -> None:
    whole = desk.view()
    assert whole.is_whole and len(whole.rows) == 2 and whole.has_picture and whole.fps == 25.0
    desk.revise(Revision(first, target="eins zwei"))
    news = desk.view(since=whole.revision)
    assert not news.is_whole and [row.id for row in news.rows] == [first] and news.order == whole.order
    assert desk.view(since=news.revision).rows == ()


def test_a_revision_nobody_remembers_is_answered_with_everything(desk: Desk) -> None:
    assert len(desk.view(since="long ago").rows) == 2


def test_a_row_that_went_back_to_what_it_was_is_sent_to_a_page_that_saw_it_change(desk: Desk, first: str) -> None:
    before = desk.view()
    desk.revise(Revision(first, target="eins"))
    desk.revise(Revision(first, target=""))
    assert first in [row.id for row in desk.view(since=before.revision, also=frozenset([first])).rows]


def test_an_edit_is_durable_when_it_is_answered(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    reply = desk.revise(Revision(first, target="eins zwei"))
    assert reply.row is not None and reply.row.target == "eins zwei" and reply.desk is None
    assert reply.row.fit is not None and reply.row.fit.speech_ms > 0
    assert studio.rows(project.id)[0].line.target_text == "eins zwei"


def test_a_prediction_follows_typing_and_stores_nothing(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    short, long = desk.predict(first, "ab"), desk.predict(first, "ab" * 40)
    assert short is not None and long is not None and short.fit == "fits" and long.fit == "over"
    assert studio.rows(project.id)[0].line.target_text == ""


def test_new_times_answer_with_the_whole_desk_because_slots_move(desk: Desk, first: str) -> None:
    reply = desk.revise(Revision(first, start_ms=300, end_ms=1200))
    assert reply.desk is not None and reply.desk.order[0] == first


def test_times_that_make_no_line_are_refused_with_a_sentence(desk: Desk, first: str) -> None:
    with pytest.raises(BadSetting, match="end after its start"):
        desk.revise(Revision(first, start_ms=900, end_ms=900))


def test_a_voice_is_chosen_and_given_back(desk: Desk, first: str) -> None:
    voice = desk.view().voices[-1].key
    chosen = desk.revise(Revision(first, voice=voice)).row
    assert chosen is not None and chosen.voice == voice and chosen.has_own_voice
    back = desk.revise(Revision(first, voice="")).row
    assert back is not None and not back.has_own_voice
    with pytest.raises(BadSetting, match="not on offer"):
        desk.revise(Revision(first, voice="nobody/none"))


def test_own_guidance_is_set_and_dropped(desk: Desk, first: str) -> None:
    own = desk.revise(Revision(first, own_guidance=True, face_scale=2.0, lip_scale=0.5, text_scale=0.7)).row
    assert own is not None and (own.text_scale, own.face_scale, own.lip_scale) == (0.7, 2.0, 0.5)
    assert own.pause_scale == desk.view().guidance.pause_scale, "what was left out is the project's"
    dropped = desk.revise(Revision(first, own_guidance=False)).row
    assert dropped is not None and dropped.face_scale is None


def test_lines_are_added_split_merged_and_deleted(desk: Desk, first: str) -> None:
    added = desk.add(2_750, 2_950)
    assert added.row is not None and added.desk is not None and len(added.desk.order) == 3
    split = desk.split(first, 850)
    assert split.desk is not None and len(split.desk.order) == 4
    merged = desk.merge(split.desk.order[:2])
    assert merged.desk is not None and len(merged.desk.order) == 3
    gone = desk.delete([added.row.id])
    assert gone.desk is not None and added.row.id not in gone.desk.order


def test_merging_one_line_says_what_is_missing(desk: Desk, first: str) -> None:
    with pytest.raises(NotReady, match="two or more"):
        desk.merge([first])


def test_regenerating_gives_wordings_and_takes_to_pick_from(desk: Desk, studio: Studio, first: str) -> None:
    job = desk.regenerate([first], over_budget=False).job
    assert job is not None
    finish(studio, studio.job(job.id))
    panel = desk.panel(first)
    assert panel.row.voiced == "voiced" and len(panel.candidates) >= 2 and len(panel.takes) == 1
    other = next(one for one in panel.candidates if not one.is_taken)
    picked = desk.pick(first, other.id).row
    assert picked is not None and picked.target == other.text and picked.voiced == "stale"


def test_a_wording_says_what_it_means_and_a_line_without_wordings_has_none(desk: Desk, studio: Studio, first: str) -> None:
    assert desk.panel(first).candidates == ()
    finish(studio, studio.job(desk.regenerate([first], over_budget=False).job.id))
    best = desk.panel(first).candidates[0]
    assert best.back_translation == best.text.replace(".de", "") and best.likely == "likely"
    assert best.fit is not None and best.slot_penalty is not None and best.missed_terms == ()


def test_a_wish_is_refused_with_a_sentence_where_the_translator_follows_none(desk: Desk, first: str) -> None:
    assert not desk.view().follows_instructions and "takes no instructions" in desk.view().instruction_sentence
    with pytest.raises(BadSetting, match="follows no instructions"):
        desk.regenerate([first], over_budget=False, instruction="shorter")


def test_a_wish_goes_with_the_job_where_the_translator_follows_it(home: Path, clip: Path) -> None:
    translator = FakeTranslator(follows_instructions=True)
    studio = fake_studio(home, translator=translator)
    desk = Desk(studio, clip_project(studio, clip).id, DeskFeed())
    view = desk.view()
    assert view.follows_instructions and view.instruction_sentence == ""
    finish(studio, studio.job(desk.regenerate([view.order[0]], over_budget=False, instruction=" shorter,\n keep the joke ").job.id))
    assert [one.instruction for one in translator.asked] == ["shorter, keep the joke"]
    with pytest.raises(BadSetting, match="200 characters"):
        desk.regenerate([view.order[0]], over_budget=False, instruction="x" * 10_000)
    studio.close()


def test_terms_that_can_be_read_are_kept_and_the_others_named_by_row(desk: Desk, studio: Studio, project: Project) -> None:
    house = desk.set_terms("one = eins\nno sign\n= nothing\n\ntwo = zwei")
    assert (house.terms, house.term_count) == ("one = eins\ntwo = zwei", 2)
    assert [sentence[:7] for sentence in house.complaints] == ["Line 2,", "Line 3,"]
    assert studio.project(project.id).project.settings.translation.terms == (("one", "eins"), ("two", "zwei"))
    assert desk.house().complaints == () and desk.set_terms("").term_count == 0


def test_nothing_is_learned_until_it_is_switched_on_and_all_is_forgotten_when_asked(desk: Desk, studio: Studio, first: str) -> None:
    finish(studio, studio.job(desk.regenerate([first], over_budget=False).job.id))
    desk.pick(first, desk.panel(first).candidates[1].id)
    assert (desk.house().keeps_choices, desk.house().kept_choices) == (False, 0)
    assert desk.set_learning(True).keeps_choices
    desk.pick(first, desk.panel(first).candidates[0].id)
    assert desk.house().kept_choices == 1
    off = desk.set_learning(False)
    assert not off.keeps_choices and off.kept_choices == 1, "switching off deletes nothing"
    assert desk.forget_choices().kept_choices == 0


def test_status_is_set_for_many_lines_at_once(desk: Desk, studio: Studio, project: Project) -> None:
    desk.set_status(desk.view().order, "approved")
    assert {row.line.status for row in studio.rows(project.id)} == {LineStatus.APPROVED}


def test_speakers_are_renamed_given_a_voice_split_and_merged(desk: Desk, first: str) -> None:
    speaker = desk.view().speakers[0].id
    desk.rename_speaker(speaker, "Mei")
    voice = desk.view().voices[0].key
    desk.set_speaker_voice(speaker, voice)
    named = desk.view().speakers[0]
    assert (named.name, named.voice) == ("Mei", voice)
    desk.split_speaker(speaker, [first], "Lao")
    both = [one.id for one in desk.view().speakers]
    assert len(both) == 2
    desk.merge_speakers([speaker, *(one for one in both if one != speaker)])
    assert [one.id for one in desk.view().speakers] == [speaker]


def test_another_users_desk_is_not_there(studio: Studio, project: Project) -> None:
    other = Desk(studio.as_user("mallory"), project.id, DeskFeed())
    for call in (other.view, other.house, other.forget_choices, lambda: other.set_terms("a = b"), lambda: other.set_learning(True)):
        with pytest.raises(NotFound):
            call()
