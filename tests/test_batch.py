"""Catalogues over the real service with fake engines: every film has an outcome, finished ones are not done again, stopped ones go on."""

from __future__ import annotations

import errno
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import batch as batches
from studio.batch import LEDGER, BatchWish, Engines, Fate, Outcome, dub_catalogue
from studio.batch_list import Item, ListWish, read_list
from studio.domain.errors import BadSetting, Hiccup
from studio.domain.project import Job, JobKind
from studio.domain.queue import Priority
from studio.engines.transcribe_manual import ManualTranscriber
from studio.service import Studio
from tests.studio_fixtures import SCRIPT, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


@pytest.fixture
def films(tmp_path: Path, clip: Path) -> Path:
    """A folder with two films, one that is none, and a list of them."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("one", "two"):
        shutil.copy(clip, folder / f"{name}.mp4")
        (folder / f"{name}.srt").write_bytes(SCRIPT)
    (folder / "bad.mp4").write_bytes(b"not a film at all" * 100)
    (folder / "list.csv").write_text("path,from,lines\none.mp4,en,one.srt\nbad.mp4,en,\ntwo.mp4,en,two.srt\n../away.mp4,en,\n")
    return folder


def items_of(films: Path, *targets: str) -> tuple[Item, ...]:
    return read_list(ListWish(films / "list.csv", targets or ("de",)))


def run(studio: Studio, films: Path, *targets: str, at_once: int = 1) -> dict[str, Outcome]:
    wish = BatchWish(items_of(films, *targets), films / "dubs", Engines(), at_once, threading.Event())
    return {one.item.file_name: one for one in dub_catalogue(studio, wish)}


def test_one_bad_film_stops_no_other_and_each_is_told_why(studio: Studio, films: Path) -> None:
    found = run(studio, films, at_once=2)
    assert {name: one.fate for name, one in found.items()} == {"one.de.mp4": Fate.DONE, "two.de.mp4": Fate.DONE, "bad.de.mp4": Fate.BAD, "away.de.mp4": Fate.BAD}
    assert (films / "dubs" / "one.de.mp4").stat().st_size > 1000 and not (films / "dubs" / "bad.de.mp4").exists()
    assert "bad.mp4" in found["bad.de.mp4"].sentence and "lies outside" in found["away.de.mp4"].sentence
    assert (found["one.de.mp4"].voiced, found["one.de.mp4"].lines) == (2, 2)


def test_a_dub_without_words_is_not_called_done_and_is_tried_again(films: Path, tmp_path: Path) -> None:
    (films / "list.csv").write_text("path,from\none.mp4,en\n")
    studio = fake_studio(tmp_path / "deaf", transcriber=ManualTranscriber())
    found = run(studio, films)["one.de.mp4"]
    studio.close()
    assert (found.fate, found.voiced) == (Fate.PARTLY, 0) and "no words yet" in found.sentence
    assert found.lines > 0 and not (films / "dubs" / LEDGER).exists()


def test_the_same_command_does_nothing_twice_and_a_changed_film_anew(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(studio, films)
    dubbed: list[str] = []
    real = batches.dub_file
    monkeypatch.setattr(batches, "dub_file", lambda studio, request, watch: (dubbed.append(request.source.name), real(studio, request, watch))[1])
    again = run(studio, films)
    assert dubbed == ["bad.mp4"]
    assert again["one.de.mp4"].fate is Fate.KEPT and again["one.de.mp4"].lines == first["one.de.mp4"].lines
    (films / "one.srt").write_bytes(SCRIPT.replace(b"one two", b"uno dos"))
    (films / "dubs" / "two.de.mp4").unlink()
    third = run(studio, films)
    assert dubbed[1:] == ["one.mp4", "bad.mp4", "two.mp4"]
    assert third["one.de.mp4"].fate is third["two.de.mp4"].fate is Fate.DONE


def test_another_language_is_another_dub(studio: Studio, films: Path) -> None:
    run(studio, films)
    found = run(studio, films, "de", "fr")
    assert found["one.de.mp4"].fate is Fate.KEPT and found["one.fr.mp4"].fate is Fate.DONE


def test_a_catalogue_comes_behind_whatever_else_waits(studio: Studio, films: Path) -> None:
    run(studio, films)
    project = next(view.project for view in studio.projects() if view.project.name.startswith("one"))
    job = studio._shop.jobs.latest(project.id)
    assert job is not None and job.kind is JobKind.RENDER
    with studio._shop.jobs._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT priority FROM jobs").scalars().all() == [int(Priority.BATCH)]


def test_who_stops_finds_it_gone_on_with_at_the_next_run(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = BatchWish(items_of(films), films / "dubs", Engines(), 1, threading.Event())
    outcomes = dub_catalogue(studio, wish)
    seen = [next(outcomes)]
    while seen[-1].fate is not Fate.DONE:
        seen.append(next(outcomes))
    outcomes.close()  # as Ctrl-C does
    assert wish.is_over.is_set()
    finished = {one.item.file_name for one in seen if one.fate is Fate.DONE}
    assert set(json.loads((films / "dubs" / LEDGER).read_text())) == finished
    found = run(studio, films)
    assert {name for name, one in found.items() if one.fate is Fate.KEPT} == finished
    assert found["two.de.mp4"].is_good and len([view for view in studio.projects() if "two" in view.project.name]) == 1


def test_what_nobody_foresaw_ends_one_film_alone(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = batches.dub_file

    def broken(studio: Studio, request: object, watch: object) -> dict[str, object]:
        if request.source.name == "one.mp4":
            raise ZeroDivisionError
        return real(studio, request, watch)

    monkeypatch.setattr(batches, "dub_file", broken)
    found = run(studio, films)
    assert found["one.de.mp4"].fate is Fate.BROKEN and found["two.de.mp4"].fate is Fate.DONE


def test_a_database_that_is_away_for_a_moment_breaks_no_film(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one film is met by it in mid-work and done all the same; where it stays away, the film is left for the next run."""
    monkeypatch.setattr("studio.dubbing.AGAIN_S", 0.01)
    monkeypatch.setattr("studio.dubbing.PATIENCE_S", 0.3)
    real, met = Studio.export, []

    def export(self: Studio, project_id: str, kind: str) -> Path:
        name = self.project(project_id).project.name
        if name.startswith("two") or not met:
            met.append(name)
            raise Hiccup("The database is being started again.")
        return real(self, project_id, kind)

    monkeypatch.setattr(Studio, "export", export)
    found = run(studio, films)
    assert found["one.de.mp4"].fate is Fate.DONE and met[0].startswith("one")
    left = found["two.de.mp4"]
    assert left.fate is Fate.LEFT and "the same command takes it up" in left.sentence and not left.is_good
    monkeypatch.setattr(Studio, "export", real)
    assert run(studio, films)["two.de.mp4"].fate is Fate.DONE


def test_who_stops_while_nobody_answers_does_not_wait(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = BatchWish(items_of(films), films / "dubs", Engines(), 2, threading.Event())

    def away(*_: object) -> Path:
        wish.is_over.set()
        raise Hiccup("The database is being started again.")

    monkeypatch.setattr(Studio, "export", away)
    found = {one.item.file_name: one.fate for one in dub_catalogue(studio, wish)}
    assert found["one.de.mp4"] is found["two.de.mp4"] is Fate.LEFT


def test_a_full_disk_under_the_ledger_ends_no_film_and_is_told(studio: Studio, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = Path.write_text, [True]

    def write_text(self: Path, *given: object, **more: object) -> int:
        if self.stem == "lipline-batch" and full and full.pop():
            real(self, "{", encoding="utf-8")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *given, **more)

    monkeypatch.setattr(Path, "write_text", write_text)
    found = run(studio, films)
    one, two = found["one.de.mp4"], found["two.de.mp4"]
    assert one.fate is two.fate is Fate.DONE and two.sentence == ""
    assert "It is dubbed, but lipline-batch.json could not keep that (No space left on device)" in one.sentence
    assert sorted(path.name for path in (films / "dubs").iterdir() if path.name.startswith("lipline")) == [LEDGER]
    assert set(json.loads((films / "dubs" / LEDGER).read_text())) == {"one.de.mp4", "two.de.mp4"}


def test_a_second_run_into_the_same_folder_is_told_to_wait(studio: Studio, films: Path) -> None:
    outcomes = dub_catalogue(studio, BatchWish(items_of(films), films / "dubs", Engines(), 1, threading.Event()))
    next(outcomes)
    with pytest.raises(BadSetting, match="Another batch into .*dubs is under way; wait"):
        run(studio, films)
    outcomes.close()
    assert run(studio, films)["one.de.mp4"].is_good


def test_a_ledger_that_is_none_and_a_folder_that_cannot_be_are_sentences(studio: Studio, films: Path) -> None:
    (films / "dubs").mkdir()
    (films / "dubs" / LEDGER).write_text("[1, 2")
    with pytest.raises(BadSetting, match="not what a batch left there"):
        run(studio, films)
    shutil.rmtree(films / "dubs")
    (films / "dubs").write_text("a file")
    with pytest.raises(BadSetting, match="cannot be used"):
        run(studio, films)


def test_jobs_say_that_nobody_waits_for_them() -> None:
    assert Job("j", "p", "ada", JobKind.RENDER, "queued", is_batch=True).priority is Priority.BATCH
