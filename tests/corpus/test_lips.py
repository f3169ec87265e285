"""Real sound that is late by a known time: noticed, told in frames, and put right, by the real tracker and the bundled scorer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.bootstrap import Place, build_engines, open_studio
from studio.domain.project import JobKind, JobState
from tests.e2e.commandline import studio

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.weights]
KNOWN = (("grid_offset_0.mp4", 0), ("grid_offset_plus200ms.mp4", -5))


@pytest.fixture(autouse=True)
def scorer() -> None:
    found = {one.task: one for one in build_engines().status() if one.is_default}
    if missing := {"face tracker", "sync scorer"} - set(found):
        pytest.skip(f"no engine here is a {' or a '.join(sorted(missing))}")


@pytest.mark.parametrize(("name", "offset_frames"), KNOWN)
def test_a_known_offset_is_noticed_at_ingest_and_corrected(corpus_dir: Path, home: Path, name: str, offset_frames: int) -> None:
    film = corpus_dir / "nasty" / "media" / name
    opened = open_studio(Place(home))
    project = opened.create_project("Late", "en", "zh")
    opened.upload_media(project.id, film, name)
    assert opened.run_now(project.id, JobKind.FACES).state is JobState.DONE
    found = opened.sound_offset(project.id)
    assert found is not None and found.offset_frames == offset_frames
    if offset_frames:
        assert any("200 ms late (5 frames" in notice for notice in opened.project(project.id).notices)
        opened.correct_offset(project.id)
        assert opened.run_now(project.id, JobKind.FACES).state is JobState.DONE
        again = opened.sound_offset(project.id)
        assert again is not None and again.offset_frames == 0
    opened.close()


@pytest.mark.parametrize(("name", "offset_frames"), KNOWN)
def test_the_command_line_scores_a_known_offset(corpus_dir: Path, tmp_path: Path, name: str, offset_frames: int) -> None:
    studio("score", corpus_dir / "nasty" / "media" / name, "--json", tmp_path / "out.json")
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (content["offset_frames"], content["scorer"]) == (offset_frames, "lipline-lips")
