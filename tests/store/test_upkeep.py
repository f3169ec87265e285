"""Space is given back from what nobody names; what anybody names, what is young, and what a job may still read stays."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from studio.domain.errors import OutOfSpace
from studio.domain.project import Project
from studio.domain.settings import Keeping
from studio.domain.upload import NewUpload, Purpose
from studio.store import copying as copying_module
from studio.store.backup import back_up
from studio.store.blobs import BlobStore
from studio.store.copying import copying
from studio.store.database import reading, writing
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.keeping import KeepingStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.schema import BLOB_SIZES, PROJECTS, UPLOADS
from studio.store.server_values import ServerValues
from studio.store.stage_results import StageKey, StageResults
from studio.store.upkeep import UNNAMED, Freed, Heap, Upkeep
from studio.store.uploads import UploadStore
from tests.store.samples import a_cast, a_job, a_project, a_source, a_take

OLD_S = Keeping().young_s + 60
NOTHING = Heap()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def uploads(engine: Engine, blobs: BlobStore) -> UploadStore:
    return UploadStore(engine, blobs)


@pytest.fixture
def upkeep(engine: Engine, blobs: BlobStore, uploads: UploadStore, tmp_path: Path) -> Upkeep:
    return Upkeep(engine, blobs, uploads, tmp_path / "cache", KeepingStore(ServerValues(engine)))


def old_blob(blobs: BlobStore, data: bytes) -> str:
    key = blobs.put_bytes(data, ".wav")
    os.utime(blobs.path(key), (time.time() - OLD_S,) * 2)
    return key


def fill(project: Project, engine: Engine, blobs: BlobStore, mark: str) -> list[str]:
    """One blob in every place that can name one."""
    source, bed, raw, fitted, result, shared = keys = [old_blob(blobs, f"{mark} {number}".encode()) for number in range(5)] + [
        old_blob(blobs, b"shared")
    ]
    ProjectStore(engine).update(replace(project, source=replace(a_source(), blob=source), bed_blob=bed))
    cast = a_cast()
    LineStore(engine).replace_cast(project.id, cast)
    LineStore(engine).add_take(replace(a_take(cast.lines[0].id), raw_blob=raw, fitted_blob=fitted))
    plain = {"deep": [{"wav": result}, {"again": f"x {shared} y"}]}
    StageResults(engine).put(StageKey(project.id, "ingest", "", "0" * 64), plain, seconds=1, peak_memory_mb=1)
    return keys


def test_everything_a_project_names_stays(project: Project, engine: Engine, blobs: BlobStore, upkeep: Upkeep) -> None:
    keys = fill(project, engine, blobs, "a")
    nobodys = old_blob(blobs, b"nobody's")
    assert upkeep.sweep(is_dry_run=True).blobs == Heap(1, len(b"nobody's"))
    assert blobs.exists(nobodys), "a dry run takes nothing away"
    assert upkeep.sweep().blobs == Heap(1, len(b"nobody's"))
    assert all(blobs.exists(key) for key in keys) and not blobs.exists(nobodys)


def test_a_purged_project_gives_back_what_no_other_names(
    projects: ProjectStore, project: Project, engine: Engine, blobs: BlobStore, upkeep: Upkeep
) -> None:
    gone = projects.create(a_project("ada"))
    kept_keys, gone_keys = fill(project, engine, blobs, "a"), fill(gone, engine, blobs, "b")
    projects.delete(gone.id, "ada")
    assert upkeep.sweep().blobs == NOTHING, "a project deleted just now may be missed tomorrow"
    with writing(engine) as connection:
        connection.execute(update(PROJECTS).where(PROJECTS.c.id == gone.id).values(deleted_at="2000-01-01"))
    told = upkeep.sweep(is_dry_run=True)
    assert (told.projects, told.blobs.count) == (1, 5)
    assert all(blobs.exists(key) for key in gone_keys), "a dry run takes nothing away"
    assert upkeep.sweep() == told
    assert all(blobs.exists(key) for key in kept_keys)
    assert [blobs.exists(key) for key in gone_keys] == [False] * 5 + [True]


def test_a_young_blob_stays_and_storing_again_makes_an_old_one_young(blobs: BlobStore, upkeep: Upkeep) -> None:
    young, again = blobs.put_bytes(b"young", ".wav"), old_blob(blobs, b"again")
    assert blobs.put_bytes(b"again", ".wav") == again
    assert upkeep.sweep().blobs == NOTHING
    assert blobs.exists(young) and blobs.exists(again)


def test_what_a_running_job_may_have_read_waits_until_that_job_is_over(
    project: Project, jobs: JobStore, engine: Engine, blobs: BlobStore, upkeep: Upkeep
) -> None:
    nobodys, worker = old_blob(blobs, b"x"), new_worker()
    job = jobs.submit(a_job(project))
    assert jobs.claim(worker) is not None
    for _ in range(2):
        freed = upkeep.sweep()
        assert (freed.blobs, freed.waiting) == (NOTHING, Heap(1, 1)) and blobs.exists(nobodys)
    jobs.finish(worker, job.id, Outcome(job.state.DONE))
    later = jobs.submit(a_job(project))
    assert jobs.claim(worker) is not None
    assert upkeep.sweep().blobs == Heap(1, 1), "a job that began after nobody named it cannot have read it"
    jobs.finish(worker, later.id, Outcome(job.state.DONE))
    upkeep.sweep()
    assert not ServerValues(engine).get(UNNAMED)


def test_what_a_backup_names_waits_until_that_backup_is_over(
    projects: ProjectStore, engine: Engine, url: str, blobs: BlobStore, upkeep: Upkeep, tmp_path: Path
) -> None:
    gone = projects.create(a_project("ada"))
    keys = fill(gone, engine, blobs, "a")
    projects.delete(gone.id, "ada")
    swept: list[Freed] = []

    def meanwhile(_done: int, _of: int) -> None:
        """The project runs out of its time in the bin once the database is copied, and a server tidies up."""
        with writing(engine) as connection:
            connection.execute(update(PROJECTS).where(PROJECTS.c.id == gone.id).values(deleted_at="2000-01-01"))
        swept.append(upkeep.sweep())

    manifest = back_up(url, blobs, tmp_path / "backup", watch=meanwhile).manifest
    assert manifest.missing == () and manifest.blobs == len(keys)
    assert swept[0].projects == 1 and all((one.blobs, one.waiting.count) == (NOTHING, len(keys)) for one in swept)
    assert upkeep.sweep().blobs.count == len(keys)


def test_a_backup_that_was_killed_holds_nothing_up_for_ever(
    engine: Engine, url: str, blobs: BlobStore, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobodys = old_blob(blobs, b"x")
    with copying(url) as renew:
        assert upkeep.sweep().waiting == Heap(1, 1) and blobs.exists(nobodys)
        later = time.time() + copying_module.NOTE_LIFE_S + 1
        monkeypatch.setattr(copying_module.time, "time", lambda: later)
        renew()
        assert upkeep.sweep().waiting == Heap(1, 1), "it is at work, and says so"
        later += copying_module.NOTE_LIFE_S + 1
        assert upkeep.sweep().blobs == Heap(1, 1)


def test_a_disk_too_full_for_a_note_still_lets_a_backup_be_made(
    engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutOfSpace("the database")

    monkeypatch.setattr(ServerValues, "put", full)
    assert back_up(url, blobs, tmp_path / "backup").manifest.missing == ()


def test_a_blob_that_has_gone_or_came_back_meanwhile_counts_nothing(blobs: BlobStore) -> None:
    key, soon = blobs.put_bytes(b"x", ".wav"), time.time() + 60
    assert blobs.remove(key, time.time() - 60) is None and blobs.exists(key)
    assert blobs.remove(key, soon) == 1 and blobs.remove(key, soon) is None


def test_uploads_nobody_goes_on_with_and_parts_without_a_row_go(engine: Engine, uploads: UploadStore, upkeep: Upkeep) -> None:
    left, going_on = (uploads.begin(NewUpload("ada", name, 100, Purpose.MEDIA), max_open=9, admit=lambda _: None) for name in ("left.mp4", "on.mp4"))
    for one in (left, going_on):
        with uploads.receive(one.id, "ada", 0) as receiver:
            receiver.write(b"x" * 40)
    with writing(engine) as connection:
        connection.execute(update(UPLOADS).where(UPLOADS.c.id == left.id).values(touched_at="2000-01-01"))
    orphan = uploads.part(replace(left, id="0" * 32))
    orphan.write_bytes(b"12345")
    os.utime(orphan, (1.0, 1.0))
    assert upkeep.sweep(is_dry_run=True).uploads == Heap(2, 45) and orphan.exists()
    assert upkeep.sweep().uploads == Heap(2, 45)
    assert [one.id for one in uploads.list("ada")] == [going_on.id]
    assert [path.stem for path in uploads.part(left).parent.iterdir()] == [going_on.id]


def test_the_cache_loses_what_nobody_has_looked_at_and_nothing_else(upkeep: Upkeep) -> None:
    assert upkeep.sweep().cache == NOTHING, "there may be no cache yet"
    upkeep.cache.mkdir()
    old, fresh = upkeep.cache / "old.mp4", upkeep.cache / "fresh.mp4"
    for path in (old, fresh):
        path.write_bytes(b"x")
    os.utime(old, (1.0, 1.0))
    assert upkeep.sweep(is_dry_run=True).cache == Heap(1, 1)
    assert upkeep.sweep().cache == Heap(1, 1)
    assert [path.name for path in upkeep.cache.iterdir()] == ["fresh.mp4"]


def test_what_killed_processes_left_goes_after_a_day(upkeep: Upkeep, blobs: BlobStore) -> None:
    """A worker that is started again at once finds its own draft young; later rounds do not."""
    upkeep.cache.mkdir()
    old, young = (upkeep.cache / f".pair-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
        (folder / "pair.mp4").write_bytes(b"film")
    os.utime(old, (1.0, 1.0))
    for name, at_s in (("left", 1.0), ("writing", time.time())):
        draft = blobs.folder / "drafts" / name
        draft.write_bytes(b"12345")
        os.utime(draft, (at_s, at_s))
    for is_dry_run in (True, False):
        freed = upkeep.sweep(is_dry_run=is_dry_run)
        assert (freed.cache, freed.drafts, freed.size_bytes) == (Heap(1, 4), Heap(1, 5), 9)
        assert old.exists() is is_dry_run
    assert young.exists() and [path.name for path in (blobs.folder / "drafts").iterdir()] == ["writing"]


def test_the_size_of_a_file_that_went_is_forgotten(engine: Engine, blobs: BlobStore, upkeep: Upkeep) -> None:
    key = old_blob(blobs, b"gone")
    kept = blobs.put_bytes(b"young", ".wav")
    with writing(engine) as connection:
        connection.execute(insert(BLOB_SIZES), [{"key": key, "size_bytes": 4}, {"key": kept, "size_bytes": 5}])
    upkeep.sweep()
    with reading(engine) as connection:
        assert connection.execute(select(BLOB_SIZES.c.key)).scalars().all() == [kept]


def test_days_that_an_administrator_set_count(projects: ProjectStore, project: Project, upkeep: Upkeep) -> None:
    projects.delete(project.id, project.owner)
    assert upkeep.sweep().projects == 0
    upkeep.keeping.change(bin_days=0)
    assert upkeep.sweep().projects == 1
