"""Space is given back from what nobody names; what anybody names, and what is young, stays."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.domain.project import Project
from studio.store.blobs import BlobStore
from studio.store.database import utc_now
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.stage_results import StageKey, StageResults
from studio.store.upkeep import YOUNG_S, Freed, free_space
from tests.store.samples import a_cast, a_job, a_project, a_source, a_take

LONG_AGO = "2000-01-01"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def old_blob(blobs: BlobStore, data: bytes) -> str:
    key = blobs.put_bytes(data, ".wav")
    when = time.time() - YOUNG_S - 60
    os.utime(blobs.path(key), (when, when))
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


def test_everything_a_project_names_stays(projects: ProjectStore, project: Project, engine: Engine, blobs: BlobStore) -> None:
    keys = fill(project, engine, blobs, "a")
    nobodys = old_blob(blobs, b"nobody's")
    assert free_space(engine, blobs, deleted_before=utc_now()) == Freed(0, 1, len(b"nobody's"))
    assert all(blobs.exists(key) for key in keys) and not blobs.exists(nobodys)


def test_a_purged_project_gives_back_what_no_other_names(
    projects: ProjectStore, project: Project, engine: Engine, blobs: BlobStore
) -> None:
    gone = projects.create(a_project("ada"))
    kept_keys, gone_keys = fill(project, engine, blobs, "a"), fill(gone, engine, blobs, "b")
    projects.delete(gone.id, "ada")
    assert free_space(engine, blobs, deleted_before=LONG_AGO) == Freed(0, 0, 0), "a project deleted just now may be missed tomorrow"
    assert free_space(engine, blobs, deleted_before=utc_now()).blobs == 5
    assert all(blobs.exists(key) for key in kept_keys)
    assert [blobs.exists(key) for key in gone_keys] == [False] * 5 + [True]


def test_a_young_blob_stays_and_storing_again_makes_an_old_one_young(engine: Engine, blobs: BlobStore) -> None:
    young, again = blobs.put_bytes(b"young", ".wav"), old_blob(blobs, b"again")
    assert blobs.put_bytes(b"again", ".wav") == again
    assert free_space(engine, blobs, deleted_before=utc_now()) == Freed(0, 0, 0)
    assert blobs.exists(young) and blobs.exists(again)


def test_nothing_is_removed_while_a_job_runs(project: Project, jobs: JobStore, engine: Engine, blobs: BlobStore) -> None:
    nobodys, worker = old_blob(blobs, b"x"), new_worker()
    job = jobs.submit(a_job(project))
    jobs.claim(worker)
    assert free_space(engine, blobs, deleted_before=utc_now()) == Freed(0, 0, 0)
    assert blobs.exists(nobodys)
    jobs.finish(worker, job.id, Outcome(job.state.DONE))
    assert free_space(engine, blobs, deleted_before=utc_now()).blobs == 1


def test_a_blob_that_has_gone_or_came_back_meanwhile_counts_nothing(blobs: BlobStore) -> None:
    key, soon = blobs.put_bytes(b"x", ".wav"), time.time() + 60
    assert blobs.remove(key, time.time() - 60) is None and blobs.exists(key)
    assert blobs.remove(key, soon) == 1 and blobs.remove(key, soon) is None
