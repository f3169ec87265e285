"""The verbs every shell calls, over the real stores and stages with fake engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import BadMedia, BadSetting, BadSubtitles, EngineFailed, NotFound, NotReady
from studio.domain.line import Estimate, LineStatus, Take, VoiceRef
from studio.domain.project import JobKind
from studio.domain.settings import EngineChoice, Guidance, Settings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Availability
from studio.engines.voice_protocols import Speech
from studio.engines.translate_imported import ImportedTranslator
from studio.media.probe import probe
from studio.service import EXPORTS, LineEdit, Studio
from tests.fakes import FakeEstimator, FakeSpeaker, FakeTranslator
from tests.studio_fixtures import clip_project, fake_studio, finish, render


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def test_a_clip_with_a_script_becomes_a_dub_of_the_same_length(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    render(studio, project)
    view = studio.project(project.id)
    assert (view.counts.total, view.counts.voiced, view.counts.stale, view.is_rendered, view.is_render_stale) == (2, 2, 0, True, False)
    dub = probe(studio.export(project.id, "video"), name="dub.mp4")
    assert abs(dub.duration_ms - probe(clip, name="clip.mp4").duration_ms) <= 40
    assert [track.language for track in dub.audio] == ["de", "en"]
    assert dub.text_track_count == 2


def test_a_clip_without_a_script_gets_its_lines_from_the_sound(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip, script=None)
    finish(studio, studio.submit(project.id, JobKind.LINES))
    spans = [row.line.span for row in studio.rows(project.id)]
    assert len(spans) == 2
    assert abs(spans[0].start_ms - 500) < 150
    assert abs(spans[1].start_ms - 1800) < 150


def test_an_edit_makes_the_take_and_the_render_stale_until_they_are_made_again(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    render(studio, project)
    first, second = studio.rows(project.id)
    row = studio.revise_line(project.id, first.line.id, LineEdit(target_text="eins zwei"))
    assert row.is_take_stale
    assert row.line.status is LineStatus.ADAPTED
    assert studio.project(project.id).is_render_stale
    render(studio, project)
    after, untouched = studio.rows(project.id)
    assert after.take is not None and after.take.text == "eins zwei"
    assert untouched.take == second.take, "a line that nobody touched must not be voiced again"
    assert not studio.project(project.id).is_render_stale


def test_a_second_render_of_the_same_project_does_nothing_again(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    render(studio, project)
    before = studio.export(project.id, "video"), {cost.stage: cost.seconds for cost in studio.costs(project.id) if cost.stage != "voice"}
    render(studio, project)
    assert before == (studio.export(project.id, "video"), {cost.stage: cost.seconds for cost in studio.costs(project.id) if cost.stage != "voice"})


def test_regenerating_one_line_offers_new_wordings_keeps_the_old_and_leaves_other_lines_alone(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    render(studio, project)
    first, second = studio.rows(project.id)
    finish(studio, studio.regenerate(project.id, [second.line.id]))
    detail = studio.line(project.id, second.line.id)
    assert detail.row.line.target_text != second.line.target_text
    assert second.line.target_text in [one.text for one in detail.candidates]
    assert len(detail.takes) == 2
    assert studio.rows(project.id)[0] == first


TIGHT = b"1\n00:00:00,400 --> 00:00:01,000\n" + b"word " * 12 + b"\n\n2\n00:00:01,700 --> 00:00:02,300\n" + b"word " * 12 + b"\n"


def test_over_budget_lines_are_never_made_worse_and_approved_ones_are_left_alone(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip, script=TIGHT)
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    longest = [max(studio.line(project.id, row.line.id).candidates, key=lambda one: len(one.text)) for row in studio.rows(project.id)]
    for row, candidate in zip(studio.rows(project.id), longest, strict=True):
        studio.pick_candidate(project.id, row.line.id, candidate.id)
    approved, still_open = studio.rows(project.id)
    studio.set_status(project.id, [approved.line.id], LineStatus.APPROVED)
    finish(studio, studio.regenerate(project.id, over_budget=True))
    left, changed = studio.rows(project.id)
    assert left.line.target_text == approved.line.target_text
    assert changed.prediction is not None and still_open.prediction is not None
    assert changed.prediction.p < still_open.prediction.p


def test_words_that_a_person_wrote_are_kept_and_new_wordings_offered_beside_them(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    row = studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(target_text="viel zu lang " * 8))
    finish(studio, studio.regenerate(project.id, [row.line.id]))
    detail = studio.line(project.id, row.line.id)
    assert detail.row.line.target_text == row.line.target_text
    assert detail.candidates
    assert any("a person wrote" in notice for notice in studio.project(project.id).notices)


def test_changing_the_target_language_and_back_loses_no_word(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    first = studio.rows(project.id)[0].line
    studio.revise_line(project.id, first.id, LineEdit(target_text="Eins zwei"))
    studio.set_languages(project.id, "en", "fr")
    assert [row.line.target_text for row in studio.rows(project.id)] == ["", ""]
    studio.revise_line(project.id, first.id, LineEdit(target_text="Un deux"))
    studio.set_languages(project.id, "en", "de")
    assert studio.rows(project.id)[0].line.target_text == "Eins zwei"
    studio.set_languages(project.id, "en", "fr")
    assert studio.rows(project.id)[0].line.target_text == "Un deux"


def test_an_engine_that_cannot_run_is_stood_in_for_and_that_is_told(home: Path, clip: Path) -> None:
    studio = fake_studio(home, speaker=(FakeSpeaker(), AwaySpeaker()))
    project = clip_project(studio, clip)
    studio.update_settings(project.id, replace(Settings(), engines=EngineChoice(speaker="away")))
    render(studio, project)
    assert all(row.take is not None and row.take.voice.engine == "fake-speaker" for row in studio.rows(project.id))
    assert any("away cannot be used now (it is on holiday)" in notice for notice in studio.project(project.id).notices)
    studio.close()


def test_a_script_in_another_language_is_noticed_line_by_line_and_as_a_whole(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip, script="1\n00:00:00,400 --> 00:00:01,300\n快到山上来\n".encode())
    assert any("not written like English" in flag for flag in studio.rows(project.id)[0].flags)
    assert any("right file" in notice for notice in studio.project(project.id).notices)


def test_a_circled_take_brings_its_words_back_and_stays_circled_through_the_next_render(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    line_id = studio.rows(project.id)[0].line.id
    for text in ("eins", "eins und zwei"):
        studio.revise_line(project.id, line_id, LineEdit(target_text=text))
        finish(studio, studio.submit(project.id, JobKind.VOICE))
    older = studio.line(project.id, line_id).takes[-1]
    row = studio.revise_line(project.id, line_id, LineEdit(take_id=older.id))
    assert (row.line.target_text, row.is_take_stale) == ("eins", False)
    render(studio, project)
    assert studio.rows(project.id)[0].line.take_id == older.id


def test_a_locked_line_takes_nothing_but_another_status(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    line_id = studio.rows(project.id)[0].line.id
    studio.revise_line(project.id, line_id, LineEdit(status=LineStatus.LOCKED))
    with pytest.raises(BadSetting, match="locked"):
        studio.revise_line(project.id, line_id, LineEdit(target_text="anders"))
    assert studio.revise_line(project.id, line_id, LineEdit(status=LineStatus.DRAFT)).line.status is LineStatus.DRAFT


def test_an_empty_translation_is_left_unvoiced_and_the_original_stays_under_it(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip, script=b"1\n00:00:00,400 --> 00:00:01,300\none two\n")
    line_id = studio.add_line(project.id, 1700, 2600).line.id
    render(studio, project)
    rows = {row.line.id: row for row in studio.rows(project.id)}
    assert rows[line_id].take is None
    assert studio.project(project.id).counts.empty == 1


def test_nobody_sees_or_touches_another_users_project(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    job = render(studio, project)
    stranger = studio.as_user("eve")
    line = studio.rows(project.id)[0]
    assert stranger.projects() == ()
    attempts = [
        lambda: stranger.project(project.id),
        lambda: stranger.rows(project.id),
        lambda: stranger.revise_line(project.id, line.line.id, LineEdit(target_text="mine")),
        lambda: stranger.take_wav(project.id, line.take.id if line.take else ""),
        lambda: stranger.export(project.id, "video"),
        lambda: stranger.job(job.id),
        lambda: stranger.cancel(job.id),
        lambda: stranger.delete_project(project.id),
        lambda: stranger.submit(project.id, JobKind.RENDER),
        lambda: stranger.playable_source(project.id),
        lambda: stranger.peaks(project.id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    mine = stranger.create_project("Mine", "en", "de")
    with pytest.raises(NotFound):
        stranger.take_wav(mine.id, line.take.id if line.take else "")


@pytest.mark.parametrize("kind", [kind for kind in EXPORTS if kind != "side_by_side"])
def test_every_export_is_a_file_with_something_in_it(studio: Studio, clip: Path, kind: str) -> None:
    project = clip_project(studio, clip)
    studio.set_learning(project.id, True)
    render(studio, project)
    studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(target_text="eins zwei"))
    path = studio.export(project.id, kind)
    assert path.stat().st_size > 50
    assert studio.export(project.id, kind) == path


def test_exports_before_their_step_say_which_step_is_missing(studio: Studio) -> None:
    project = studio.create_project("Bare", "en", "de")
    for kind in EXPORTS:
        with pytest.raises(NotReady, match="yet"):
            studio.export(project.id, kind)
    with pytest.raises(BadSetting, match="There is no export"):
        studio.export(project.id, "../../etc/passwd")


def test_an_imported_translation_becomes_the_chosen_candidate_of_each_line_it_overlaps(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    german = "1\n00:00:00,500 --> 00:00:01,200\nEins, zwei.\n\n2\n00:00:02,990 --> 00:00:03,000\nNirgends.\n"
    script = studio.import_script(project.id, german.encode(), "de.srt", as_target=True)
    first, second = studio.rows(project.id)
    assert (first.line.target_text, second.line.target_text) == ("Eins, zwei.", "")
    assert [one.engine for one in studio.line(project.id, first.line.id).candidates] == ["imported"]
    assert any("Nirgends" in item.reason for item in script.skipped)


def test_a_translation_for_another_programme_is_refused(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip, script=b"1\n00:00:00,000 --> 00:00:00,900\none\n")
    with pytest.raises(BadSubtitles, match="another programme"):
        studio.import_script(project.id, b"1\n00:00:02,000 --> 00:00:02,500\nx\n", "de.srt", as_target=True)


def test_bad_uploads_leave_the_project_as_it_was(studio: Studio, clip: Path, tmp_path: Path) -> None:
    project = clip_project(studio, clip)
    before = studio.project(project.id)
    lie = tmp_path / "lie.mp4"
    lie.write_text("#EXTM3U\nhttp://127.0.0.1/secret.ts\n")
    with pytest.raises(BadMedia):
        studio.upload_media(project.id, lie, "lie.mp4")
    with pytest.raises(BadSubtitles):
        studio.import_script(project.id, bytes(range(256)) * 20, "lie.srt")
    assert studio.project(project.id) == before


def test_splitting_merging_adding_and_deleting_keep_the_lines_in_order(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    second = studio.rows(project.id)[1].line
    left, right = studio.split_line(project.id, second.id, 2200)
    assert [row.number for row in studio.rows(project.id)] == [1, 2, 3]
    assert (left.line.span, right.line.span) == (TimeSpan(1700, 2200), TimeSpan(2200, 2700))
    merged = studio.merge_lines(project.id, [left.line.id, right.line.id])
    assert (merged.line.source_text, merged.line.span) == (second.source_text, second.span)
    added = studio.add_line(project.id, 100, 300)
    assert added.number == 1
    studio.delete_lines(project.id, [added.line.id])
    assert len(studio.rows(project.id)) == 2


def test_speakers_can_be_renamed_split_merged_and_given_a_voice(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    first, second = studio.rows(project.id)
    studio.rename_speaker(project.id, first.speaker.id, "Mara")
    tom = studio.split_speaker(project.id, first.speaker.id, [second.line.id], "Tom")
    assert [row.speaker.name for row in studio.rows(project.id)] == ["Mara", "Tom"]
    assert len({row.voice for row in studio.rows(project.id)}) == 2, "two speakers must not share a voice while there are two"
    studio.set_speaker_voice(project.id, tom.id, VoiceRef("fake-speaker", "low"))
    with pytest.raises(BadSetting, match="no voice"):
        studio.set_speaker_voice(project.id, tom.id, VoiceRef("fake-speaker", "../x"))
    studio.merge_speakers(project.id, [first.speaker.id, tom.id])
    assert {row.speaker.name for row in studio.rows(project.id)} == {"Mara"}


def test_guidance_is_stored_for_the_project_and_per_line(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.update_settings(project.id, replace(Settings(), guidance=Guidance(1.5, 0.5)))
    line_id = studio.rows(project.id)[0].line.id
    studio.revise_line(project.id, line_id, LineEdit(guidance=Guidance(3.0, 2.0)))
    assert studio.project(project.id).project.settings.guidance == Guidance(1.5, 0.5)
    assert studio.rows(project.id)[0].line.guidance == Guidance(3.0, 2.0)
    assert studio.revise_line(project.id, line_id, LineEdit(clear=frozenset({"guidance"}))).line.guidance is None


def test_a_prediction_while_typing_stores_nothing(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    row = studio.rows(project.id)[0]
    prediction = studio.predict(project.id, row.line.id, "achtzehn Buchstaben")
    assert prediction is not None and prediction.estimate.total_ms == 18 * 60
    assert studio.rows(project.id)[0] == row


def test_work_that_needs_media_is_refused_before_there_is_any(studio: Studio) -> None:
    project = studio.create_project("Bare", "en", "de")
    with pytest.raises(NotReady, match="upload a video"):
        studio.submit(project.id, JobKind.RENDER)


@pytest.mark.parametrize("name", ["", "   ", "x" * 200, "bell\x07"])
def test_a_project_needs_a_name_one_can_read(studio: Studio, name: str) -> None:
    with pytest.raises(BadSetting, match="needs a name"):
        studio.create_project(name, "en", "de")


class AwaySpeaker(FakeSpeaker):
    name = "away"

    def available(self) -> Availability:
        return Availability(False, "it is on holiday.")


class AwayTranslator(FakeTranslator):
    name = "away-translator"

    def available(self) -> Availability:
        return Availability(False, "its folder is empty.")


def test_a_translator_that_steps_in_for_the_first_one_is_told(home: Path, clip: Path) -> None:
    studio = fake_studio(home, translator=(AwayTranslator(), FakeTranslator()))
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    told = "away-translator cannot be used (its folder is empty); fake-translator translated instead."
    assert studio.project(project.id).notices == (told,)
    studio.close()


class HoarseSpeaker(FakeSpeaker):
    """Loses its voice over one word."""

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        if "three" in text:
            raise EngineFailed(self.name, "it lost its voice over “three”.")
        return super().speak(text, language, voice)


def test_a_line_that_cannot_be_voiced_costs_no_other_line_its_take_and_is_told(home: Path, clip: Path) -> None:
    studio = fake_studio(home, speaker=HoarseSpeaker())
    project = clip_project(studio, clip)
    render(studio, project)
    assert [row.take is not None for row in studio.rows(project.id)] == [True, False]
    assert any("1 of 2 lines could not be voiced" in notice for notice in studio.project(project.id).notices)
    studio.close()


class SlowSpeaker(FakeSpeaker):
    """Another engine, twice as slow as any estimate says."""

    name = "slow-speaker"

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        return super().speak(text, language, replace(voice, rate_ratio=voice.rate_ratio / 2))


class LearningEstimator(FakeEstimator):
    """Learns one factor from all takes."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self._factor = factor

    def paced_by(self, takes: Sequence[Take], language: str) -> FakeEstimator:
        spoken = sum(take.report.natural_ms - take.report.trimmed_ms for take in takes)
        return LearningEstimator(spoken / sum(self.estimate(take.text, language).total_ms for take in takes))

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        plain = super().estimate(text, language, voice)
        return Estimate(round(plain.speech_ms * self._factor), round(plain.pause_ms * self._factor), plain.engine)


def test_predictions_learn_the_pace_of_a_voice_from_takes_already_made(home: Path, clip: Path) -> None:
    studio = fake_studio(home, speaker=SlowSpeaker(), estimator=LearningEstimator())
    project = clip_project(studio, clip)
    before = studio.rows(project.id)[0]
    studio.revise_line(project.id, before.line.id, LineEdit(target_text="acht Buchstaben"))
    assert studio.predict(project.id, before.line.id, "acht").estimate.total_ms == 4 * 60  # type: ignore[union-attr]
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    assert studio.predict(project.id, before.line.id, "acht").estimate.total_ms == pytest.approx(8 * 60, rel=0.1)  # type: ignore[union-attr]
    studio.close()


def test_many_lines_take_one_status_at_once_and_unknown_ones_are_passed_over(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.set_status(project.id, [*(row.line.id for row in studio.rows(project.id)), "gone"], LineStatus.APPROVED)
    assert [row.line.status for row in studio.rows(project.id)] == [LineStatus.APPROVED] * 2


def test_a_notice_goes_when_its_cause_has_gone(home: Path, clip: Path) -> None:
    studio = fake_studio(home, translator=ImportedTranslator())
    project = clip_project(studio, clip)
    render(studio, project)
    assert any("Nothing here translates" in notice for notice in studio.project(project.id).notices)
    for row in studio.rows(project.id):
        studio.revise_line(project.id, row.line.id, LineEdit(target_text="eins"))
    render(studio, project)
    assert studio.project(project.id).notices == ()
    studio.close()
