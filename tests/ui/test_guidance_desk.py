"""The Guidance tab's calls: a line's bench, takes in a quality, sweeps and points taken, voices with consent."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.project import JobKind, Project
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.ui.desk import Desk, DeskFeed
from studio.ui.guidance_desk import NewVoice
from tests.bench_fakes import BenchStudio
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> BenchStudio:
    return BenchStudio.over(fake_studio(home))


@pytest.fixture
def project(studio: BenchStudio, clip: Path) -> Project:
    made = clip_project(studio, clip)
    finish(studio, studio.submit(made.id, JobKind.VOICE))
    return made


@pytest.fixture
def desk(studio: BenchStudio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


def test_lines_are_voiced_in_the_quality_asked_for(desk: Desk, studio: BenchStudio) -> None:
    reply = desk.voice_lines(list(desk.view().order), "preview")
    assert reply.job is not None and studio.asked == ["voice 2 preview"]
    with pytest.raises(NotReady, match="tick the lines"):
        desk.voice_lines([], "preview")


def test_a_point_that_is_taken_is_circled_and_gives_the_line_its_scales(desk: Desk, studio: BenchStudio, project: Project) -> None:
    first = desk.view().order[0]
    desk.sweep(first, [0, 1], [0.5], "final")
    points = desk.bench(first).sweep.points
    assert [(point.face_scale, point.lip_scale, point.is_circled) for point in points] == [(0.0, 0.5, False), (1.0, 0.5, False)]
    used = desk.choose_point(first, points[1].take_id)
    assert used.reply.row is not None and used.reply.row.take_id == points[1].take_id
    assert [point.is_circled for point in used.bench.sweep.points] == [False, True]
    assert studio.line(project.id, first).row.line.guidance == Guidance(1.0, 0.5)
    with pytest.raises(NotFound):
        desk.choose_point(first, "nobody")
    assert desk.forget_sweep(first).sweep.points == ()


@pytest.mark.parametrize("scales", [["much"], [None], [0.0] * 65])
def test_a_grid_that_is_no_short_list_of_numbers_is_refused(desk: Desk, scales: list[object]) -> None:
    with pytest.raises(BadSetting, match="short list of numbers"):
        desk.sweep(desk.view().order[0], scales, [0.0], "preview")  # type: ignore[arg-type]


def test_a_take_is_put_to_use(desk: Desk) -> None:
    first = desk.view().order[0]
    take = desk.bench(first).takes[0]
    used = desk.use_take(first, take.id)
    assert used.reply.row is not None and used.reply.row.take_id == take.id and used.bench.takes[0].is_circled


def test_pauses_are_drawn_on_a_line_and_given_back_to_the_source(desk: Desk, studio: BenchStudio, project: Project) -> None:
    first = desk.view().order[0]
    before = desk.bench(first).pauses
    assert before is not None and before.drawn is None and before.slot_ms >= before.span_ms
    assert before.spoken_in == ("source" if before.spoken else "")
    used = desk.set_pauses(first, [[400, 500], [100, 200.4], [150, 250]])
    assert used.bench.pauses is not None and used.bench.pauses.drawn == ((100, 250), (400, 500))
    assert studio.line(project.id, first).row.line.pauses == (TimeSpan(100, 250), TimeSpan(400, 500))
    with pytest.raises(BadSetting, match="within the line"):
        desk.set_pauses(first, [[0, before.slot_ms + 100]])
    for cleared in (None, []):
        desk.set_pauses(first, [[100, 200]])
        used = desk.set_pauses(first, cleared)
        assert used.bench.pauses is not None and used.bench.pauses.drawn is None


@pytest.mark.parametrize("pauses", [[[100]], [["a", "b"]], [[200, 100]], [[-5, 100]], [7], [[0, float("inf")]]])
def test_what_is_no_list_of_pauses_is_refused_with_a_sentence(desk: Desk, pauses: list[object]) -> None:
    with pytest.raises(BadSetting, match="A pause starts at 0 or later"):
        desk.set_pauses(desk.view().order[0], pauses)  # type: ignore[arg-type]


def test_a_voice_wants_its_owner_and_the_tick(desk: Desk, clip: Path) -> None:
    with pytest.raises(BadSetting, match="Tick"):
        desk.add_reference_voice(NewVoice("Ada", "Ada Example", agreed=False), clip)
    with pytest.raises(BadSetting, match="whose voice"):
        desk.add_reference_voice(NewVoice("Ada", " ", agreed=True), clip)
    with pytest.raises(BadSetting, match="Tick"):
        desk.add_speaker_voice("s", "Ada Example", agreed=False)
    view = desk.add_reference_voice(NewVoice("Ada", "Ada Example", agreed=True), clip)
    assert [(one.name, one.whose) for one in view.references] == [("Ada", "Ada Example")]
    assert desk.remove_reference_voice(view.references[0].id).references == ()
