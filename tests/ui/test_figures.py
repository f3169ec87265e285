"""Figures: what stands where, how it is told apart, and where a press on it leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Fit, Line, Slot, SpeakerProfile
from studio.domain.project import JobKind
from studio.domain.sync import LineSync, SyncScore
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.service import LineEdit, Studio
from studio.ui.figures import FIT_NAMES, WORST_LINES, fit_over_time, lips_over_time, of_one_scorer, worst_lips
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def test_every_translated_line_stands_once_under_the_fit_it_has(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    first, second = studio.rows(project.id)
    studio.revise_line(project.id, first.line.id, LineEdit(target_text="eins"))
    studio.revise_line(project.id, second.line.id, LineEdit(target_text="<b>viel & zu lang</b> " * 9))
    figure = fit_over_time(studio.rows(project.id))
    bars = {trace.name: [point[1] for point in trace.customdata] for trace in figure.data}
    assert bars == {FIT_NAMES[Fit.FITS]: [first.line.id], FIT_NAMES[Fit.OVER]: [second.line.id]}
    assert figure.data[0].x[0] == (first.line.span.start_ms + first.line.span.end_ms) / 2000
    assert figure.data[0].y[0] < 0 < figure.data[1].y[0]
    assert "<b>" not in figure.data[1].customdata[0][0] and figure.data[1].customdata[0][1] == second.line.id


def test_takes_are_marked_once_they_are_made_and_not_when_stale(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))

    def taken() -> list[str]:
        return [point[1] for trace in fit_over_time(studio.rows(project.id)).data if trace.name == "taken" for point in trace.customdata]

    assert taken() == [row.line.id for row in studio.rows(project.id)]
    studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(target_text="anders"))
    assert taken() == [studio.rows(project.id)[1].line.id]


def test_a_project_without_lines_gives_an_empty_figure(studio: Studio) -> None:
    assert not fit_over_time(studio.rows(studio.create_project("Bare", "en", "de").id)).data


def scored(row: LineRow, lse_c: float, scorer: str = "lips", offset_frames: int = 0, presence: Presence = Presence.ON_SCREEN) -> LineRow:
    """The row with a score and a place against the picture."""
    seen = LinePresence(presence, 0, 1.0, 120.0, 40.0, False, "The mouth is seen.")
    return replace(row, presence=seen, sync=LineSync("t", SyncScore(scorer, "face", lse_c, 8.0, offset_frames, 40), "", None))


def many_rows(scores: Sequence[float]) -> list[LineRow]:
    found = []
    for at, lse_c in enumerate(scores):
        line = Line(f"l{at}", TimeSpan(at * 2_000, at * 2_000 + 1_500), "s", "x", "y")
        bare = LineRow(at + 1, line, SpeakerProfile("s", "Mei"), None, Slot(at * 2_000, 1_500, 0), None, None, False, 0)
        found.append(scored(bare, lse_c))
    return found


def test_the_worst_lines_are_few_and_stand_worst_first() -> None:
    rows = many_rows([5.0, 1.0, 6.0, 2.0, 7.0, 8.0])
    assert [row.number for row in worst_lips(rows)] == [2, 4], "at most a third"
    assert len(worst_lips(many_rows([float(at) for at in range(100)]))) == WORST_LINES
    assert worst_lips([]) == ()


def test_a_line_that_is_off_stands_before_one_with_a_lower_score() -> None:
    rows = many_rows([5.0, 4.0, 6.0])
    rows[2] = scored(rows[2], 6.0, offset_frames=5)
    assert [row.number for row in worst_lips(rows)] == [3]


def test_a_line_nothing_certain_is_told_of_is_hollow_and_never_called_worst() -> None:
    rows = many_rows([0.3, 0.5, 0.6])
    rows[0] = scored(rows[0], 0.3, offset_frames=12)
    figure = lips_over_time(rows)
    assert worst_lips(rows) == () and [(trace.name, trace.marker.symbol) for trace in figure.data] == [("cannot be told", "circle-open")]
    assert figure.data[0].customdata[0][2] == "no offset stands out" and figure.layout.yaxis.rangemode == "tozero"


def test_numbers_of_the_take_before_are_hollow_and_say_so() -> None:
    rows = many_rows([5.0, 1.0, 6.0])
    rows[1] = replace(scored(rows[1], 1.0, offset_frames=5), is_take_stale=True)
    figure = lips_over_time(rows)
    hollow = next(trace for trace in figure.data if trace.name == "cannot be told")
    assert [row.number for row in worst_lips(rows)] == [1] and list(hollow.y) == [1.0]
    assert hollow.customdata[0][2] == "sound 5 frames early, of the take before"


def test_numbers_of_another_scorer_are_not_drawn_beside_those_of_the_first() -> None:
    rows = many_rows([5.0, 1.0, 6.0, 7.0])
    rows[1] = scored(rows[1], 0.1, scorer="other")
    assert [row.number for row in of_one_scorer(rows)] == [1, 3, 4]
    figure = lips_over_time(rows)
    assert sorted(value for trace in figure.data for value in trace.y) == [5.0, 6.0, 7.0]
    assert "lips" in figure.layout.yaxis.title.text and "other" not in figure.layout.yaxis.title.text


def test_a_point_says_its_line_its_offset_and_where_it_leads() -> None:
    rows = many_rows([5.0, 1.0, 6.0])
    rows[1] = scored(rows[1], 1.0, offset_frames=-2)
    worst = next(trace for trace in lips_over_time(rows).data if trace.name == "worst lines")
    words, line_id, offset = worst.customdata[0]
    assert words.startswith("2 · 0:02") and line_id == "l1" and offset == "sound 2 frames late"
    assert worst.marker.symbol != lips_over_time(rows).data[0].marker.symbol, "told apart without colour"


def test_bands_join_neighbours_and_leave_out_what_is_off_screen() -> None:
    rows = many_rows([5.0] * 5)
    rows[2] = scored(rows[2], 5.0, presence=Presence.OFF_SCREEN)
    bands = lips_over_time(rows).layout.shapes
    assert [(band.x0, band.x1) for band in bands] == [(0.0, 1.5), (2.0, 3.5), (6.0, 7.5), (8.0, 9.5)]
    close = [replace(row, line=replace(row.line, span=TimeSpan(at * 1_600, at * 1_600 + 1_500))) for at, row in enumerate(many_rows([5.0] * 3))]
    assert len(lips_over_time(close).layout.shapes) == 1


def test_a_long_film_is_drawn_in_a_moment_and_with_few_bands() -> None:
    rows = many_rows([float(at % 9) for at in range(5_000)])
    figure = lips_over_time(rows)
    assert sum(len(trace.x) for trace in figure.data) == 5_000 and len(figure.layout.shapes) <= 400
    assert len(figure.layout.xaxis.tickvals) <= 10


def test_lines_nobody_scored_give_an_empty_figure() -> None:
    rows = [replace(row, sync=None) for row in many_rows([1.0, 2.0])]
    assert not lips_over_time(rows).data and not lips_over_time([]).data
