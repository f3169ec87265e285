"""The bench of a line: its takes judged, whether its voice sees, and a take put to use with the scales it was made with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.bench_verbs import NO_PICTURE, face_why, sight_of, take_scales
from studio.domain.bench import Sight
from studio.domain.errors import NotFound
from studio.domain.project import JobKind, Project
from studio.domain.settings import Guidance
from studio.engines.protocols import Availability
from studio.engines.rack import EngineRack
from studio.lip_verbs import NOT_LOOKED
from studio.service import LineEdit, Studio
from tests.fakes import FakeFaceTracker, FakeLipScorer, FakeSpeaker
from tests.lip_fakes import OFF_SCREEN, ON_SCREEN
from tests.seeing_fakes import FakeSeer
from tests.studio_fixtures import clip_project, fake_studio, finish
from tests.talking_film import talking_film


class Seer(FakeSeer):
    """A voice that sees; `ready` decides whether it can run."""

    def __init__(self, *, ready: bool) -> None:
        super().__init__()
        self._ready = ready

    def available(self) -> Availability:
        return Availability(True, "ready", "It is a draft.") if self._ready else Availability(False, "its weights are not here")


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project(studio: Studio, clip: Path) -> Project:
    made = clip_project(studio, clip)
    finish(studio, studio.submit(made.id, JobKind.VOICE))
    return made


def rack(*speakers: object) -> EngineRack:
    return EngineRack({"speaker": tuple(speakers)})


def test_a_voice_that_does_not_see_names_the_one_that_would() -> None:
    blind = FakeSpeaker()
    assert sight_of(blind, rack(blind)) == sight_of(blind, rack()) and sight_of(blind, rack(blind)).sight is Sight.RETIMED
    near = sight_of(blind, rack(blind, Seer(ready=False)))
    assert (near.engine, near.seeing, near.seeing_can_run, near.why) == (blind.name, FakeSeer.name, False, "its weights are not here")
    assert sight_of(None, rack()).sight is Sight.NONE


def test_a_seeing_voice_without_weights_is_missing_and_says_why() -> None:
    there, missing = Seer(ready=True), Seer(ready=False)
    seen = sight_of(there, rack(there))
    assert seen.sight is Sight.SEES and seen.caution == "It is a draft."
    found = sight_of(missing, rack(missing))
    assert found.sight is Sight.MISSING and found.why == "its weights are not here"


def test_the_bench_holds_every_take_and_says_nobody_has_looked(studio: Studio, project: Project) -> None:
    row = studio.rows(project.id)[0]
    bench = studio.line_bench(project.id, row.line.id)
    assert [one.take.id for one in bench.takes] == [row.line.take_id] and bench.takes[0].sync is None
    assert bench.face_why == NOT_LOOKED.why and bench.scorer_why, "the fakes have no scorer"
    assert bench.sight.sight is Sight.RETIMED and studio.voice_sight(project.id) == bench.sight
    with pytest.raises(NotFound):
        studio.line_bench(project.id, "0" * 32)


def test_lip_scales_across_languages_warn_on_the_line_that_has_them(studio: Studio, project: Project) -> None:
    line_id = studio.rows(project.id)[0].line.id
    assert studio.line_bench(project.id, line_id).warning == ""
    studio.revise_line(project.id, line_id, LineEdit(guidance=Guidance(1.0, 1.0)))
    bench = studio.line_bench(project.id, line_id)
    assert "lip" in bench.warning.lower() and bench.scales == Guidance(1.0, 1.0)


def test_what_cannot_guide_is_said_from_the_picture(studio: Studio, project: Project) -> None:
    row = studio.rows(project.id)[0]
    assert face_why(project, replace(row, presence=ON_SCREEN)) == ""
    assert face_why(project, replace(row, presence=OFF_SCREEN)) == OFF_SCREEN.why
    assert face_why(replace(project, source=None), row) == NO_PICTURE


def test_circling_a_take_that_is_still_good_leaves_the_scales_alone(studio: Studio, project: Project) -> None:
    row = studio.rows(project.id)[0]
    assert row.line.take_id is not None
    used = studio.use_take(project.id, row.line.id, row.line.take_id)
    assert used.line.guidance is None and used.line.take_id == row.line.take_id and not used.is_take_stale


def test_a_retimed_take_tells_its_picture_scales_only(studio: Studio, project: Project) -> None:
    take = studio.line_bench(project.id, studio.rows(project.id)[0].line.id).takes[0].take
    timed = replace(take, report=replace(take.report, lip_scale=2.0, face_scale=1.0))
    assert take_scales(timed, Guidance(0.0, 0.0, 0.5, 0.25)) == Guidance(1.0, 2.0, 0.5, 0.25)


def test_a_swept_take_put_to_use_brings_its_scales_along(home: Path, tmp_path: Path) -> None:
    studio = fake_studio(home, speaker=(FakeSeer(), FakeSpeaker()), face_tracker=FakeFaceTracker(), sync_scorer=FakeLipScorer())
    project = clip_project(studio, talking_film(tmp_path / "film.mkv"), script=b"1\n00:00:00,200 --> 00:00:01,900\none two three\n")
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    line_id = studio.rows(project.id)[0].line.id
    finish(studio, studio.sweep(project.id, line_id, (0.0, 2.0), (1.0,), "final"))
    bench, points = studio.line_bench(project.id, line_id), studio.sweep_points(project.id, line_id)
    swept = [one for one in bench.takes if one.take.id in {point.take_id for point in points}]
    assert len(swept) == 2 and bench.sight.sight is Sight.SEES
    assert all(one.sync is not None and one.sync.score is not None for one in swept)
    row = studio.use_take(project.id, line_id, points[1].take_id)
    assert row.line.take_id == points[1].take_id and row.line.guidance == Guidance(2.0, 1.0) and not row.is_take_stale
    studio.close()
