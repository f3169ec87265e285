"""Whole runs over the real service with fake engines: what the same request finds again, and what a killed one leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, BadSubtitles
from studio.domain.project import Job
from studio.dubbing import DubRequest, dub_file
from studio.service import Studio
from tests.studio_fixtures import SCRIPT, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


@pytest.fixture
def request_for_clip(clip: Path, tmp_path: Path) -> DubRequest:
    lines = tmp_path / "clip.srt"
    lines.write_bytes(SCRIPT)
    return DubRequest(clip, "en", "de", tmp_path / "out.mp4", lines)


def ignore(_job: Job) -> None:
    """A watch that looks away."""


def test_the_same_request_goes_on_in_the_project_it_made(studio: Studio, request_for_clip: DubRequest) -> None:
    first = dub_file(studio, request_for_clip, ignore)
    again = dub_file(studio, request_for_clip, ignore)
    assert [view.project.id for view in studio.projects()] == [first["project"]["id"]]
    assert again["lines"] == first["lines"]


class Killed(BaseException):
    """Stands for the end of the process: nothing after it may tidy up."""


def test_a_project_left_half_filled_by_a_killed_run_is_made_anew(
    studio: Studio, request_for_clip: DubRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(studio, "import_script", die)  # after the media, before the lines
        patch.setattr(studio, "delete_project", lambda _: None)
        with pytest.raises(Killed):
            dub_file(studio, request_for_clip, ignore)
    assert [view.counts.total for view in studio.projects()] == [0]
    content = dub_file(studio, request_for_clip, ignore)
    assert [line["source"] for line in content["lines"]] == ["one two", "three four five"]
    assert len(studio.projects()) == 1


def test_a_refused_script_leaves_no_project_behind(studio: Studio, request_for_clip: DubRequest) -> None:
    assert request_for_clip.lines is not None
    request_for_clip.lines.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(BadSubtitles):
        dub_file(studio, request_for_clip, ignore)
    assert studio.projects() == ()


def test_the_source_is_never_written_over(studio: Studio, clip: Path) -> None:
    before = clip.read_bytes()
    with pytest.raises(BadSetting, match="one of the files you gave"):
        dub_file(studio, DubRequest(clip, "en", "de", clip), ignore)
    assert clip.read_bytes() == before
