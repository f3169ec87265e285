"""What a person's room holds: every file their projects name, once, whoever else names it too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.domain.errors import NotFound
from studio.domain.project import Project
from studio.domain.rights import LOCAL_USER
from studio.domain.settings import Keeping
from studio.domain.upload import NewUpload, Purpose, QuotaSpent, Room
from studio.store.blobs import BlobStore
from studio.store.keeping import KeepingStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.quotas import QuotaStore
from studio.store.server_values import ServerValues
from studio.store.stage_results import StageKey, StageResults
from studio.store.uploads import UploadStore
from tests.store.samples import a_cast, a_project, a_source, a_take


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def quotas(engine: Engine, blobs: BlobStore) -> QuotaStore:
    return QuotaStore(engine, blobs, KeepingStore(ServerValues(engine)))


def fill(engine: Engine, blobs: BlobStore, project: Project, sizes: tuple[int, int, int, int, int]) -> None:
    """Source, bed, raw and fitted take, and a stage's file, of so many bytes; sizes tell them apart."""
    source, bed, raw, fitted, found = (blobs.put_bytes(b"x" * size, ".wav") for size in sizes)
    ProjectStore(engine).update(replace(project, source=replace(a_source(), blob=source), bed_blob=bed))
    cast = a_cast()
    LineStore(engine).replace_cast(project.id, cast)
    for key in (raw, fitted):
        LineStore(engine).add_take(replace(a_take(cast.lines[0].id), raw_blob=key, fitted_blob=fitted))
    StageResults(engine).put(StageKey(project.id, "mix", "", "0" * 64), {"wav": found, "again": source}, seconds=1, peak_memory_mb=1)


def test_every_file_counts_once_and_the_bin_counts_until_it_is_emptied(
    engine: Engine, blobs: BlobStore, quotas: QuotaStore, projects: ProjectStore, project: Project
) -> None:
    other, theirs = projects.create(a_project("ada")), projects.create(a_project("bob"))
    fill(engine, blobs, project, (1000, 200, 30, 4, 5))
    fill(engine, blobs, other, (1000, 201, 30, 4, 6))
    fill(engine, blobs, theirs, (1000, 7, 8, 9, 11))
    for _ in range(2):  # measured, then remembered
        assert quotas.room("ada") == Room(1000 + 200 + 30 + 4 + 5 + 201 + 6, 0, 0, Keeping().quota_bytes)
    projects.delete(other.id, "ada")
    assert quotas.room("ada").binned_bytes == 201 + 6 and quotas.room("ada").used_bytes == 1446
    assert quotas.room("bob").used_bytes == 1000 + 7 + 8 + 9 + 11 and quotas.room("nobody").used_bytes == 0


def test_a_file_that_has_gone_from_the_disk_takes_no_room(engine: Engine, blobs: BlobStore, quotas: QuotaStore, project: Project) -> None:
    fill(engine, blobs, project, (1000, 200, 30, 4, 5))
    blobs.path(blobs.put_bytes(b"x" * 200, ".wav")).unlink()
    assert quotas.room("ada").used_bytes == 1039


def test_an_account_may_have_another_quota_and_the_one_local_user_has_none(engine: Engine, quotas: QuotaStore, project: Project) -> None:
    quotas.set_quota("ada", 500)
    assert quotas.room("ada").quota_bytes == 500 and quotas.is_bounded("ada")
    quotas.set_quota("ada", None)
    assert quotas.room("ada").quota_bytes == Keeping().quota_bytes
    KeepingStore(ServerValues(engine)).change(quota_bytes=77)
    assert quotas.room("ada").quota_bytes == 77
    assert not quotas.is_bounded(LOCAL_USER) and quotas.room(LOCAL_USER).quota_bytes is None
    with pytest.raises(NotFound):
        quotas.set_quota("nobody", 5)


def test_what_is_on_its_way_counts_as_announced(engine: Engine, blobs: BlobStore, quotas: QuotaStore) -> None:
    UploadStore(engine, blobs).begin(NewUpload("ada", "film.mp4", 300, Purpose.MEDIA), max_open=9, admit=lambda _: None)
    quotas.set_quota("ada", 1000)
    room = quotas.room("ada")
    assert room.coming_bytes == 300
    room.require(700, "a.mp4")
    with pytest.raises(QuotaSpent, match="“a.mp4” has 701 bytes, and 300 bytes of your 1.0 kB are taken; nothing was sent"):
        room.require(701, "a.mp4")
