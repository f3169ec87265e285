"""The points of a sweep: which number stands against LSE-D, and why a line cannot be swept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.bench import LineBench, Sight, VoiceSight
from studio.domain.project import JobKind
from studio.domain.sweep import SweepPoint
from studio.ui.sweep_present import axis_of, blocked, sweep_view
from tests.bench_fakes import MISSING, RECOGNISER, BenchStudio, point_at
from tests.studio_fixtures import clip_project, fake_studio, finish

HEARD = tuple(point_at(0.0, lip, f"t{lip:g}") for lip in (0.0, 1.0))
LIKELY = tuple(replace(point, word_error=None, likelihood=-1.0 - point.lip_scale, judged_by="the voice itself") for point in HEARD)
UNJUDGED = tuple(replace(point, word_error=None, judged_by="") for point in HEARD)


@pytest.fixture
def bench(home: Path, clip: Path) -> LineBench:
    studio = BenchStudio.over(fake_studio(home))
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    return studio.line_bench(project.id, studio.rows(project.id)[0].line.id)


@pytest.mark.parametrize(
    ("points", "name", "lower"),
    [(HEARD, f"word error ({RECOGNISER})", True), (LIKELY, "likelihood of the words (the voice itself)", False)],
)
def test_the_axis_is_what_the_studio_says_it_is(points: tuple[SweepPoint, ...], name: str, lower: bool) -> None:
    axis = axis_of(points)
    assert (axis.name, axis.lower_is_better) == (name, lower)
    assert axis.of(points[1]) == (points[1].word_error if lower else points[1].likelihood)


def test_without_a_judge_the_axis_is_the_lip_scale_and_says_so(bench: LineBench) -> None:
    axis = axis_of(UNJUDGED)
    assert not axis.is_judged and "no recogniser" in axis.name and axis.of(UNJUDGED[1]) == 1.0
    view = sweep_view(bench, UNJUDGED, {})
    assert view.axis == "" and [point.error for point in view.points] == [None, None]


def test_points_keep_what_could_not_be_measured_as_missing(bench: LineBench) -> None:
    faceless = replace(HEARD[0], lse_c=None, lse_d=None, offset_frames=None, why="The mouth is too small.")
    shown = sweep_view(bench, (faceless, HEARD[1]), {"t1": 4}).points
    assert (shown[0].lse_d, shown[0].why) == (None, "The mouth is too small.") and (shown[1].lse_d, shown[1].number) == (7.8, 4)


def test_the_stamp_moves_with_a_point_and_with_the_circle(bench: LineBench) -> None:
    stamps = {sweep_view(one, points, {}).stamp for one in (bench, _circled(bench, "t1")) for points in (HEARD, HEARD[:1], ())}
    assert len(stamps) == 5, "an empty sweep has one stamp for all"


def test_a_line_that_cannot_be_swept_says_why(bench: LineBench) -> None:
    assert blocked(bench) == ""
    assert blocked(replace(bench, face_why="No face speaks this line.")) == "No face speaks this line."
    assert "does not see" in blocked(replace(bench, sight=MISSING))
    assert "cannot run here" in blocked(replace(bench, sight=VoiceSight(Sight.MISSING, "seer")))
    empty = replace(bench.row, line=replace(bench.row.line, target_text=" "))
    assert "no translation" in blocked(replace(bench, row=empty))


def _circled(bench: LineBench, take_id: str) -> LineBench:
    return replace(bench, row=replace(bench.row, line=replace(bench.row.line, take_id=take_id)))
