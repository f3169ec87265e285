"""Whole runs over the real service with fake engines: what the same request finds again, and what a killed one leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, BadSubtitles, Cancelled, Hiccup
from studio.domain.project import Job, Project
from studio.dubbing import AGAIN_S, PATIENCE_S, DubRequest, Unreached, dub_file, patiently
from studio.service import Studio
from tests.fakes import FakeTranscriber
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


def test_a_project_left_half_filled_by_a_killed_run_is_made_anew_and_deleted_when_no_run_can_be_at_it_any_more(
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
    monkeypatch.setattr("studio.dubbing.UNFINISHED_LIFE_S", 0.0)
    dub_file(studio, request_for_clip, ignore)
    assert [view.counts.total for view in studio.projects()] == [2]


def test_two_runs_of_one_film_at_once_leave_each_others_project_alone(studio: Studio, request_for_clip: DubRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    real, inner = Studio.upload_media, []

    def upload(self: Studio, *given: object) -> Project:
        if not inner:
            inner.append("begun")
            inner.append(dub_file(studio, request_for_clip, ignore))  # the other run, from beginning to end
        return real(self, *given)

    monkeypatch.setattr(Studio, "upload_media", upload)
    content = dub_file(studio, request_for_clip, ignore)
    assert content["counts"]["voiced"] == inner[1]["counts"]["voiced"] == 2


@pytest.fixture
def translated_clip(clip: Path, tmp_path: Path) -> DubRequest:
    """A translation, and lines that are to be heard first."""
    translation = tmp_path / "clip.de.srt"
    translation.write_bytes(SCRIPT)
    return DubRequest(clip, "en", "de", tmp_path / "out.mp4", translation=translation)


@pytest.mark.parametrize("fault", [Cancelled(), Killed(), KeyboardInterrupt(), Hiccup("The database is being started again.")])
def test_what_was_heard_is_kept_where_a_run_ends_before_the_translation_is_in(
    studio: Studio, translated_clip: DubRequest, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    heard: list[int] = []
    real = FakeTranscriber.transcribe
    monkeypatch.setattr(FakeTranscriber, "transcribe", lambda self, audio, language: (heard.append(1), real(self, audio, language))[1])
    with monkeypatch.context() as patch, pytest.raises(type(fault)):
        patch.setattr(Studio, "import_script", lambda *_, **__: (_ for _ in ()).throw(fault))
        dub_file(studio, translated_clip, ignore)
    (left,) = studio.projects()
    assert heard and left.project.name.endswith("(listening)") and left.counts.total
    heard.clear()
    content = dub_file(studio, translated_clip, ignore)
    assert not heard and content["project"]["id"] == left.project.id
    assert {line["target"] for line in content["lines"]} & {"one two", "three four five"}
    assert not studio.projects()[0].project.name.endswith(")")


def test_who_lets_go_while_it_listens_finds_the_same_job_again(studio: Studio, translated_clip: DubRequest) -> None:
    def let_go(_job: Job) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        dub_file(studio, translated_clip, let_go)
    (left,) = studio.projects()
    assert dub_file(studio, translated_clip, ignore)["project"]["id"] == left.project.id


def test_a_translation_nobody_can_read_is_refused_before_anything_is_heard(studio: Studio, translated_clip: DubRequest) -> None:
    assert translated_clip.translation is not None
    translated_clip.translation.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(BadSubtitles):
        dub_file(studio, translated_clip, ignore)
    assert studio.projects() == ()


def test_finding_its_project_counts_no_lines_of_others(studio: Studio, request_for_clip: DubRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    dub_file(studio, request_for_clip, ignore)
    monkeypatch.setattr(Studio, "projects", lambda _: pytest.fail("every project with all its lines, for one film"))
    assert dub_file(studio, request_for_clip, ignore)["counts"]["voiced"] == 2


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


class Clock:
    """Time that passes by waiting alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        monkeypatch.setattr("studio.dubbing.time", self)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def hiccups(times: int, answer: str = "done") -> Callable[[], str]:
    left = [Hiccup("The database is being started again.")] * times

    def ask() -> str:
        if left:
            raise left.pop()
        return answer

    return ask


def test_a_fault_that_passes_is_waited_for_and_no_longer_than_patience_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert patiently(hiccups(5), clock.sleep) == "done" and clock.now_s == 5 * AGAIN_S
    with pytest.raises(Unreached, match=r"started again\. It was tried again for 120 s; .* the same command takes it up"):
        patiently(hiccups(10_000), clock.sleep)
    assert clock.now_s == 5 * AGAIN_S + PATIENCE_S
    with pytest.raises(ZeroDivisionError):
        patiently(lambda: 1 // 0, clock.sleep)


def test_a_second_fault_after_a_long_while_has_patience_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, left = Clock(monkeypatch), [3.0, 2 * PATIENCE_S, 3.0, 3.0]

    def ask() -> str:
        if not left:
            return "done"
        clock.sleep(left.pop())
        raise Hiccup("gone again")

    assert patiently(ask, clock.sleep) == "done"


def test_a_job_is_looked_after_over_a_restart_of_the_database(studio: Studio, request_for_clip: DubRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = [0], Studio.job

    def job(self: Studio, job_id: str) -> Job:
        asked[0] += 1
        if asked[0] % 2:
            raise Hiccup("The database is being started again.")
        return real(self, job_id)

    monkeypatch.setattr(Studio, "job", job)
    monkeypatch.setattr("studio.dubbing.AGAIN_S", 0.01)
    content = dub_file(studio, request_for_clip, ignore)
    assert content["counts"]["voiced"] == 2 and asked[0] > 2


def test_who_looks_on_may_let_go_while_nobody_answers(studio: Studio, request_for_clip: DubRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Studio, "job", lambda *_: hiccups(10_000)())
    looks = iter(range(3))

    def watch(_job: Job) -> None:
        if next(looks, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        dub_file(studio, request_for_clip, watch)
