"""Figures of a review: who is pressed, what the review has brought, how far it is, and the words beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.line import LineStatus
from studio.domain.project import JobKind
from studio.service import LineEdit, Studio
from studio.ui.figures_review import asked_ratio, p_before_and_after, pace_by_speaker, progress_over_time
from studio.ui.overview_present import overview
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def voiced(studio: Studio, clip: Path) -> str:
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    return project.id


def test_every_line_with_words_is_a_point_of_its_speaker_and_leads_to_itself(studio: Studio, clip: Path) -> None:
    rows = studio.rows(voiced(studio, clip))
    asked, taken = pace_by_speaker(rows, 1.25).data
    assert (asked.name, taken.name) == ("asked of the voice", "taken")
    assert [point[1] for point in asked.customdata] == [row.line.id for row in rows] == [point[1] for point in taken.customdata]
    assert list(asked.x) == [round(asked_ratio(row) or 0.0, 3) for row in rows]


def test_two_speakers_of_one_name_stay_apart(studio: Studio, clip: Path) -> None:
    first, second = studio.rows(voiced(studio, clip))
    named = [replace(first, speaker=replace(first.speaker, id="a", name="Mei")), replace(second, speaker=replace(second.speaker, id="b", name="Mei"))]
    assert len(set(pace_by_speaker(named, 1.25).data[0].y)) == 2


def test_p_before_is_of_the_machines_first_wording_and_p_now_of_what_stands(studio: Studio, clip: Path) -> None:
    project_id = voiced(studio, clip)
    first, second = studio.rows(project_id)
    before = studio.first_penalties(project_id)
    assert set(before) == {first.line.id, second.line.id}
    assert before[first.line.id] == pytest.approx(first.prediction.p if first.prediction is not None else None)
    studio.revise_line(project_id, first.line.id, LineEdit(target_text="viel zu lang " * 9))
    shown = {trace.name: list(trace.customdata) for trace in p_before_and_after(studio.rows(project_id), before).data}
    assert [point[1] for point in shown["changed in review"]] == [first.line.id]
    assert [point[1] for point in shown["as the machine worded it"]] == [second.line.id]


def test_progress_counts_every_line_once_under_its_status(studio: Studio, clip: Path) -> None:
    project_id = voiced(studio, clip)
    first, _ = studio.rows(project_id)
    studio.set_status(project_id, [first.line.id], LineStatus.APPROVED)
    bars = {trace.name: (sum(trace.y), trace.customdata[0][1]) for trace in progress_over_time(studio.rows(project_id)).data}
    assert bars["approved"] == (1, first.line.id)
    assert sum(count for count, _ in bars.values()) == 2


def test_each_figure_is_said_in_words_with_the_lines_to_begin_with(studio: Studio, clip: Path) -> None:
    project_id = voiced(studio, clip)
    first, second = studio.rows(project_id)
    before = studio.first_penalties(project_id)
    studio.revise_line(project_id, second.line.id, LineEdit(target_text="viel zu lang " * 9))
    studio.set_status(project_id, [first.line.id], LineStatus.APPROVED)
    said = {one.key: one for one in overview(studio.rows(project_id), before, 1.25).findings}
    assert said["fit"].sentence.startswith("1 of 2 lines with words is too long")
    assert [link.id for link in said["fit"].lines] == [link.id for link in said["pace"].lines] == [link.id for link in said["gain"].lines] == [second.line.id]
    assert said["progress"].sentence == "1 of 2 lines approved or locked."


def test_markup_in_names_and_words_is_text(studio: Studio, clip: Path) -> None:
    rows = studio.rows(voiced(studio, clip))
    hostile = [replace(row, speaker=replace(row.speaker, name="<b>Mei</b> & co"), line=replace(row.line, target_text="<a href=x>")) for row in rows]
    drawn = pace_by_speaker(hostile, 1.25).data[0]
    assert "<" not in drawn.y[0] and "<" not in drawn.customdata[0][0]


def test_without_lines_nothing_is_drawn_and_the_next_step_is_said() -> None:
    assert not pace_by_speaker([], 1.25).data and not progress_over_time([]).data and not p_before_and_after([], {}).data
    assert overview([], {}, 1.25).next_step
