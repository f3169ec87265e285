"""Domain views become sentences and numbers an editor can read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from studio.domain.media import AudioTrack, MediaInfo, VideoTrack
from studio.domain.project import Job, JobKind, JobState, Project, Skipped, Source
from studio.domain.settings import Settings
from studio.domain.views import EngineStatus, ProjectCounts, ProjectView
from studio.service import EXPORTS
from studio.ui import export_present, present

INFO = MediaInfo(
    "mp4", 61_250, 1_234_567,
    VideoTrack("h264", 640, 360, Fraction(30000, 1001), True, 90, None),
    (AudioTrack(0, "aac", 48_000, 2, "en", None, True), AudioTrack(1, "ac3", 48_000, 6, "fr", "Mix", False)),
    notes=("The picture is turned.",),
)  # fmt: skip
NOTHING = ProjectCounts(0, 0, 0, 0, 0, 0, 0)
JOB = Job("j1", "p1", "local", JobKind.VOICE, JobState.RUNNING, done=3, total=12, stage="Voicing")


def a_view(
    *, info: MediaInfo | None = INFO, counts: ProjectCounts = NOTHING, job: Job | None = None, is_rendered: bool = False
) -> ProjectView:
    source = Source("ferry.mp4", "blob", info) if info is not None else None
    project = Project("p1", "local", "Harbour", "en", "zh", Settings(), source)
    return ProjectView(project, counts, (), job, (Skipped("cue 4", "it has no text"),), is_rendered, False)


def test_the_facts_card_says_what_the_file_is_and_what_was_left_out() -> None:
    found = present.facts(a_view())
    said = {fact.label: fact.value for fact in found.facts}
    assert said["Length"] == "1:01.250"
    assert said["Picture"] == "640 × 360 h264, turned 90°"
    assert said["Rate"] == "29.97 frames/s, variable"
    assert said["Sound 2"] == "ac3, 48 kHz 5.1 (fr, Mix)"
    assert found.notes == ("The picture is turned.",)
    assert found.skipped[0].where == "cue 4"


def test_audio_only_is_said_plainly() -> None:
    said = {fact.label: fact.value for fact in present.facts(a_view(info=replace(INFO, video=None))).facts}
    assert said["Picture"] == "none: audio only"


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (a_view(info=None), "Nothing uploaded yet."),
        (a_view(), "Media is in; lines have not been looked for."),
        (a_view(counts=ProjectCounts(4, 4, 0, 0, 0, 0, 0)), "4 lines, none translated."),
        (a_view(counts=ProjectCounts(4, 0, 2, 1, 1, 3, 0)), "4 lines, 3 voiced, 1 over budget."),
        (a_view(counts=ProjectCounts(1, 0, 1, 0, 0, 1, 0), is_rendered=True), "1 line, dubbed."),
        (a_view(job=JOB), "Voicing…"),
    ],
)
def test_a_project_says_in_one_sentence_how_it_stands(view: ProjectView, sentence: str) -> None:
    assert present.standing(view) == sentence


def test_a_job_counts_lines_and_gives_long_totals_as_a_share() -> None:
    counted = present.job_view(JOB)
    assert counted is not None and (counted.title, counted.message, counted.share) == ("Voicing", "3 of 12", 0.25)
    long = present.job_view(replace(JOB, stage="Mixing", done=9_068, total=25_840))
    assert long is not None and long.message == "35\u00a0%"


def test_a_failed_job_tells_its_sentence() -> None:
    failed = present.job_view(replace(JOB, state=JobState.FAILED, message="The disk is full."))
    assert failed is not None and failed.is_failed and not failed.is_active and failed.message == "The disk is full."


def test_work_that_failed_is_still_told_after_the_toast_is_gone() -> None:
    told = present.facts(a_view(job=replace(JOB, state=JobState.FAILED, message="The disk is full.")))
    assert told.notices == ("Voicing stopped: The disk is full.",)


def test_every_export_of_the_service_has_a_card_and_no_other() -> None:
    assert {item.kind for item in export_present.export_items(a_view())} == set(EXPORTS)


def test_an_export_that_cannot_be_made_yet_says_what_it_needs() -> None:
    items = {item.kind: item for item in export_present.export_items(a_view(counts=ProjectCounts(4, 0, 4, 0, 0, 0, 0)))}
    assert items["video"].needs == "Render the dub first." and not items["video"].is_ready
    assert items["target_srt"].is_ready
    silent = {
        item.kind: item
        for item in export_present.export_items(
            a_view(info=replace(INFO, video=None), counts=ProjectCounts(1, 0, 1, 0, 0, 1, 0), is_rendered=True)
        )
    }
    assert silent["side_by_side"].needs == "Needs a picture; this project is audio only."


def test_an_export_has_a_name_a_person_would_give_it() -> None:
    project = a_view().project
    assert export_present.export_name(project, "target_srt", ".srt") == "Harbour – subtitles zh.srt"
    assert export_present.export_name(project, "source_srt", ".srt") == "Harbour – subtitles en.srt"
    names = {export_present.export_name(project, kind, ".x") for kind in EXPORTS if kind not in ("target_vtt", "target_ass", "target_ttml", "script_csv")}
    assert len(names) == len(EXPORTS) - 4, "kinds with the same ending must not share a name"


def test_a_dub_is_pointed_at_even_while_lines_are_empty() -> None:
    found = present.facts(a_view(counts=ProjectCounts(4, 1, 3, 0, 0, 3, 0), is_rendered=True))
    assert "A dub is on the Preview tab; 1 line without a translation keeps the original sound" in found.next_step
    whole = present.facts(a_view(counts=ProjectCounts(4, 0, 4, 0, 0, 4, 0), is_rendered=True))
    assert "Preview tab" in whole.next_step


def test_engines_that_cannot_run_stay_in_the_list_and_say_so() -> None:
    statuses = (
        EngineStatus("speaker", "one", "1", "MIT", True, True, "ready"),
        EngineStatus("speaker", "two", "1", "MIT", False, False, "no network"),
    )
    choices = present.engine_choices("speaker", "gone", statuses)
    assert choices.options == (("Automatic (one)", "auto"), ("one", "one"), ("two (not available)", "two"))
    assert choices.selected == "auto"
    assert present.engine_sentences(statuses) == "- **Voice: one**, ready\n- **Voice: two**, not available: no network"
