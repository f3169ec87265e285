"""What the page's events ask of the studio, on the real service with fake engines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.project import JobKind, JobState, Project
from studio.domain.settings import Guidance, MixSettings
from studio.domain.upload import Purpose
from studio.service import LineEdit, Studio, new_job
from studio.ui import present
from studio.ui.arrivals import Arrivals
from studio.ui.desk import Desk, DeskFeed
from studio.ui.handlers import Handlers, render_action, wants_look
from studio.ui.script_view import ChangeRow, WaitingScripts
from tests.lip_fakes import OFFSET, LipStudio, UnseenStudio
from tests.studio_fixtures import SCRIPT, finish
from tests.uploads import sent


@pytest.fixture
def handlers(studio: Studio) -> Handlers:
    return Handlers(studio)


def test_a_fresh_page_shows_the_project_list(handlers: Handlers, project: Project) -> None:
    page = handlers.open_page("", "")
    assert page.tab is None, "the list is in front from the start"
    assert [card.name for card in page.projects.cards] == ["Pilot"]
    assert page.project_id == "" and not page.upload.dub.is_enabled


def test_a_reload_keeps_project_and_tab(handlers: Handlers, project: Project) -> None:
    page = handlers.open_page(project.id, "guidance")
    assert page.project_id == project.id
    assert page.tab is not None and page.tab.name == "guidance"
    assert page.news.header.languages == "en → de"


def test_an_address_of_a_deleted_project_opens_the_list(handlers: Handlers) -> None:
    page = handlers.open_page("0" * 32, "export")
    assert page.project_id == "" and page.tab is None


def test_an_unknown_tab_in_the_address_is_not_followed(handlers: Handlers, project: Project) -> None:
    page = handlers.open_page(project.id, "javascript:alert(1)")
    assert page.tab is not None and page.tab.name == "lines"


def test_someone_elses_project_is_not_there(studio: Studio, project: Project) -> None:
    other = Handlers(studio.as_user("mallory"))
    assert other.open_page(project.id, "lines").project_id == ""
    with pytest.raises(NotFound):
        other.open_project(project.id)


def test_a_script_dropped_while_the_media_is_still_taken_joins_its_project(studio: Studio, clip: Path) -> None:
    arrivals, begun, may_go_on = Arrivals(), threading.Event(), threading.Event()
    media, script, other = (sent(studio, "harbour.mp4", clip.read_bytes()), *(sent(studio, "lines.srt", SCRIPT, Purpose.SCRIPT) for _ in range(2)))
    open_project = studio.open_for_upload

    def slowly(*asked: str) -> Project:
        begun.set()
        assert may_go_on.wait(20)
        return open_project(*asked)

    studio.open_for_upload = slowly  # type: ignore[method-assign, assignment]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(Handlers(studio, page="a", arrivals=arrivals).take_media, "", media, "en", "zh")
        assert begun.wait(20)
        second = pool.submit(Handlers(studio, page="a", arrivals=arrivals).upload_script, "", script)
        refused = Handlers(studio, page="b", arrivals=arrivals).upload_script("", other)
        assert "No project is open" in refused.box.trouble and refused.box.done == other
        may_go_on.set()
        opened = first.result(30).project_id
        assert second.result(30).project_id == opened
    assert studio.project(opened).counts.total == 2 and studio.uploads() == ()


def test_a_script_beside_a_file_that_is_no_media_finds_no_project(studio: Studio) -> None:
    arrivals = Arrivals()
    junk, script = sent(studio, "junk.mp4", b"no media"), sent(studio, "lines.srt", SCRIPT, Purpose.SCRIPT)
    assert "it is a text file" in Handlers(studio, page="a", arrivals=arrivals).take_media("", junk, "en", "zh").box.trouble
    assert Handlers(studio, page="b", arrivals=arrivals).upload_script("", script).box.trouble.startswith("No project is open")


def test_the_page_says_that_faces_are_being_looked_for(studio: Studio, project: Project) -> None:
    view = studio.project(project.id)
    job = new_job(view.project, view.project.owner, JobKind.FACES)
    assert present.is_looking(replace(view, job=job)) and not present.is_looking(replace(view, job=replace(job, state=JobState.DONE)))
    other = replace(job, kind=JobKind.VOICE)
    assert not present.is_looking(replace(view, job=other)) and present.is_looking(replace(view, job=replace(other, stage="Looking for faces")))


def test_media_dropped_without_a_project_opens_one_named_after_it(handlers: Handlers, studio: Studio, clip: Path) -> None:
    upload = sent(studio, "harbour.mp4", clip.read_bytes())
    page = handlers.take_media("", upload, "en", "zh")
    view = studio.project(page.project_id)
    assert view.project.name == "harbour" and view.project.source is not None
    assert page.upload.facts.name == "harbour.mp4" and (page.box.done, page.box.trouble) == (upload, "")
    assert studio.uploads() == (), "the upload must not stay behind"
    assert view.job is not None
    finish(studio, view.job)


def test_a_film_that_still_arrives_has_its_project_already(handlers: Handlers, studio: Studio, clip: Path) -> None:
    data = clip.read_bytes()
    upload = studio.begin_upload("harbour.mp4", len(data), Purpose.MEDIA).id
    with studio.receive_upload(upload, 0) as receiver:
        receiver.write(data[:70_000])
    begun = handlers.open_media("", upload, "en", "de")
    assert studio.project(begun.project_id).project.name == "harbour" and begun.box.done == ""
    assert handlers.open_media("", upload, "en", "de").project_id == begun.project_id, "asked twice, there is still one"
    with studio.receive_upload(upload, 70_000) as receiver:
        receiver.write(data[70_000:])
    assert handlers.take_media(begun.project_id, upload, "en", "de").project_id == begun.project_id
    assert len(studio.projects()) == 1


def test_who_went_on_to_another_project_stays_there_when_the_film_has_arrived(handlers: Handlers, studio: Studio, project: Project, clip: Path) -> None:
    other = studio.create_project("Other", "en", "de")
    upload = sent(studio, "harbour.mp4", clip.read_bytes(), Purpose.MEDIA, other.id)
    assert handlers.take_media(project.id, upload, "en", "de").project_id == project.id
    assert studio.project(other.id).project.source is not None


def test_a_file_that_is_no_media_leaves_no_empty_project_behind(handlers: Handlers, studio: Studio) -> None:
    page = handlers.take_media("", sent(studio, "posing.mp4", b"just words " * 50), "en", "zh")
    assert "“posing.mp4” cannot be used" in page.box.trouble
    assert studio.projects() == () and studio.uploads() == ()


def test_a_script_that_cannot_be_read_is_refused_and_not_kept(handlers: Handlers, studio: Studio, project: Project) -> None:
    upload = sent(studio, "broken.srt", bytes(range(256)) * 40, Purpose.SCRIPT, project.id)
    page = handlers.upload_script(project.id, upload)
    assert page.box.done == upload and "broken.srt" in page.box.trouble
    assert studio.uploads() == ()


def test_a_translation_script_fills_the_lines(handlers: Handlers, studio: Studio, project: Project) -> None:
    data = SCRIPT.replace(b"one two", b"eins zwei").replace(b"three four five", b"drei vier")
    page = handlers.upload_translation(project.id, sent(studio, "de.srt", data, Purpose.TRANSLATION, project.id))
    assert [row.line.target_text for row in studio.rows(project.id)] == ["eins zwei", "drei vier"]
    assert "2 translated" in page.upload.facts.lines


def test_uploading_a_script_without_a_project_says_what_to_do(handlers: Handlers, studio: Studio) -> None:
    page = handlers.upload_script("", sent(studio, "a.srt", SCRIPT, Purpose.SCRIPT))
    assert page.box.trouble.startswith("No project is open")


def test_mix_settings_are_stored_whole(handlers: Handlers, studio: Studio, project: Project) -> None:
    wanted = MixSettings(loudness_profile="dialogue_-27", duck_db=-30.0)
    handlers.set_mix(project.id, wanted)
    assert studio.project(project.id).project.settings.mix == wanted
    assert studio.project(project.id).project.settings.fit == project.settings.fit


def test_settings_outside_a_project_change_nothing_and_do_not_fail(handlers: Handlers) -> None:
    assert handlers.set_guidance("", Guidance(2.0, 1.0)).header.project_id == ""


def test_guidance_is_stored(handlers: Handlers, studio: Studio, project: Project) -> None:
    handlers.set_guidance(project.id, Guidance(2.5, 1.0, 0.8, 0.5))
    assert studio.project(project.id).project.settings.guidance == Guidance(2.5, 1.0, 0.8, 0.5)


def test_the_pulse_tells_when_the_header_shows_other_work_or_another_name_than_there_is(handlers: Handlers, studio: Studio, project: Project) -> None:
    def now() -> str:
        return Desk(studio, project.id, DeskFeed()).pulse(None).frame_mark

    started = handlers.start(project.id, "render")
    assert started.header.job is not None
    finish(studio, studio.job(started.header.job.id))
    assert now() != started.header.frame_mark
    rested = handlers.tick(project.id)
    assert now() == rested.header.frame_mark
    studio.rename_project(project.id, "Another name")
    assert now() != rested.header.frame_mark and now() == handlers.tick(project.id).header.frame_mark
    assert rested.preview.has_dub and rested.render.label == "Render again"


def test_news_move_the_revision_only_when_something_changed(handlers: Handlers, studio: Studio, project: Project) -> None:
    before = handlers.tick(project.id).desk
    assert handlers.tick(project.id).desk == before
    studio.delete_lines(project.id, [studio.rows(project.id)[0].line.id])
    assert handlers.tick(project.id).desk.revision != before.revision


def test_notices_of_a_project_reach_the_line_desk(handlers: Handlers, studio: Studio, project: Project) -> None:
    told = replace(studio.project(project.id), notices=("One voice is shared.",))
    assert handlers._news(told).desk.notices == ("One voice is shared.",)


def test_an_export_is_made_and_its_address_given(handlers: Handlers, project: Project) -> None:
    first, second = (handlers.export(project.id, "source_srt").ready for _ in range(2))
    assert first.fetch == f"media/export/{project.id}/source_srt"
    assert first.fetch_mark != second.fetch_mark, "asking twice must fetch twice"


def test_an_export_that_needs_a_render_says_so_on_the_tab_and_fetches_nothing(handlers: Handlers, project: Project) -> None:
    answer = handlers.export(project.id, "video").ready
    assert answer.fetch == "" and answer.fetch_mark and "render" in answer.notice.lower()


def test_a_bed_can_be_taken_out_again(handlers: Handlers, studio: Studio, project: Project, clip: Path) -> None:
    upload = sent(studio, "bed.mp4", clip.read_bytes(), Purpose.BED)
    assert "stem is in" in handlers.take_bed(project.id, upload).upload.facts.bed
    assert handlers.remove_bed(project.id).upload.facts.bed == ""


def test_deleting_the_open_project_closes_it(handlers: Handlers, project: Project) -> None:
    page = handlers.delete_project(project.id, project.id)
    assert page.project_id == "" and page.projects.cards == ()


def test_a_project_keeps_a_name(handlers: Handlers, project: Project) -> None:
    assert handlers.rename_project("", project.id, " Night ferry ").projects.cards[0].name == "Night ferry"
    with pytest.raises(BadSetting, match="needs a name"):
        handlers.rename_project("", project.id, "  ")


def test_an_engine_choice_is_kept_by_task(handlers: Handlers, studio: Studio, project: Project) -> None:
    handlers.choose_engine(project.id, "translator", "imported")
    engines = studio.project(project.id).project.settings.engines
    assert engines == replace(project.settings.engines, translator="imported")


def test_the_fit_of_every_line_is_drawn(handlers: Handlers, studio: Studio, project: Project) -> None:
    handlers.start(project.id, "translate")
    job = studio.active_job(project.id)
    if job is not None:
        finish(studio, job)
    assert sum(len(trace.x) for trace in handlers.draw(project.id).fit.data) == 2
    assert len(handlers.draw("").fit.data) == 0


def test_faces_are_looked_for_once_lines_are_there_and_by_nobody_twice(studio: Studio, project: Project) -> None:
    lips = UnseenStudio.over(studio)
    handlers = Handlers(lips)
    handlers.tick(project.id)
    assert lips.asked == [], "before any work was done there is nothing to go on"
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    handlers.tick(project.id)
    assert lips.asked == ["look"]
    seen = LipStudio.over(studio)
    Handlers(seen).tick(project.id)
    assert seen.asked == [], "what has been looked at is not looked at again"


def test_where_no_engine_can_look_the_page_goes_on_without(studio: Studio, project: Project) -> None:
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    Handlers(studio).tick(project.id)
    job = studio.project(project.id).job
    assert job is not None and job.kind is JobKind.TRANSLATE


def test_a_look_that_failed_or_was_stopped_is_not_begun_again_by_itself(studio: Studio, project: Project) -> None:
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    view = studio.project(project.id)
    assert wants_look(view) and view.job is not None
    for state, kind in ((JobState.FAILED, JobKind.TRANSLATE), (JobState.RUNNING, JobKind.VOICE), (JobState.DONE, JobKind.FACES)):
        assert not wants_look(replace(view, job=replace(view.job, state=state, kind=kind)))
    assert not wants_look(replace(view, counts=replace(view.counts, total=0)))


def test_a_look_at_the_faces_blocks_no_button(studio: Studio, project: Project) -> None:
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    view = studio.project(project.id)
    assert view.job is not None
    looking, voicing = (replace(view, job=replace(view.job, state=JobState.RUNNING, kind=kind)) for kind in (JobKind.FACES, JobKind.VOICE))
    assert not present.is_blocked(looking) and present.is_blocked(voicing)
    assert render_action(looking).is_enabled and not render_action(voicing).is_enabled


def test_sound_found_early_is_corrected_and_given_back(studio: Studio, project: Project) -> None:
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    lips = LipStudio.over(studio)
    type(lips).offset = OFFSET
    handlers = Handlers(lips)
    assert handlers.tick(project.id).desk.sound.label == "Correct it: play the sound 120 ms later"
    mended = handlers.correct_offset(project.id)
    assert lips.asked == ["correct", "look"] and mended.facts.sound.moved.startswith("The sound is played 120 ms later")
    assert mended.desk.sound.label == ""
    assert handlers.restore_sound(project.id).facts.sound.moved == ""


def test_sound_in_time_needs_no_correction_and_says_so_when_asked_for_one(handlers: Handlers, project: Project) -> None:
    assert handlers.tick(project.id).desk.sound.label == ""
    with pytest.raises(NotReady, match="nothing to correct"):
        handlers.correct_offset(project.id)


def dropped(studio: Studio, words: str, start: str = "00:00:01,000", end: str = "00:00:02,000") -> str:
    return sent(studio, "a.srt", f"1\n{start} --> {end}\n{words}\n".encode(), Purpose.SCRIPT)


def test_a_script_dropped_to_update_is_shown_first_and_done_when_agreed_to(studio: Studio) -> None:
    handlers, project = Handlers(studio), studio.create_project("Pilot", "en", "de")
    handlers.upload_script(project.id, dropped(studio, "one two"), "lines")
    asked = handlers.upload_script(project.id, dropped(studio, "one two three"), "update").script
    assert asked is not None and (asked.changed, asked.added, asked.locked, asked.unmatched) == (1, 0, 0, 0)
    assert asked.rows == (ChangeRow(1, "source", "one two", "one two three"),)
    assert source_texts(studio, project) == ["one two"]
    page = handlers.take_script(asked.ask, asked.mark)
    assert source_texts(studio, project) == ["one two three"] and page.script is None
    assert "Lines changed: 1; added: 0" in str(page.news.facts)
    with pytest.raises(NotReady, match="not kept any more"):
        handlers.take_script(asked.ask, asked.mark)


def test_lines_that_changed_while_an_update_was_looked_at_are_shown_anew(studio: Studio) -> None:
    handlers, project = Handlers(studio), studio.create_project("Pilot", "en", "de")
    handlers.upload_script(project.id, dropped(studio, "one two"), "lines")
    asked = handlers.upload_script(project.id, dropped(studio, "one two three"), "update").script
    assert asked is not None
    studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(source_text="one two, or so"))
    again = handlers.take_script(asked.ask, asked.mark).script
    assert again is not None and again.notice and again.rows[0].before == "one two, or so"
    assert source_texts(studio, project) == ["one two, or so"]
    handlers.leave_script(project.id, again.ask)
    with pytest.raises(NotReady):
        handlers.take_script(again.ask, again.mark)


def test_a_waiting_script_is_taken_by_nobody_else(studio: Studio) -> None:
    waiting = WaitingScripts()
    mine, theirs = Handlers(studio, scripts=waiting), Handlers(studio.as_user("eve"), scripts=waiting)
    project = studio.create_project("Pilot", "en", "de")
    mine.upload_script(project.id, dropped(studio, "one two"), "lines")
    asked = mine.upload_script(project.id, dropped(studio, "one two three"), "update").script
    assert asked is not None
    with pytest.raises(NotReady):
        theirs.take_script(asked.ask, asked.mark)
    mine.take_script(asked.ask, asked.mark)
    assert source_texts(studio, project) == ["one two three"]


def source_texts(studio: Studio, project: Project) -> list[str]:
    return [row.line.source_text for row in studio.rows(project.id)]
