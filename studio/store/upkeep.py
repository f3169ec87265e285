"""Giving disk space back: deleted projects past their time, stored files nobody names, uploads nobody goes on with, old files of the cache.

Enter: the stores and how long things are kept. Leaves: what went, or in a dry run what would go, with its bytes. Safe while people and jobs are at
work, in several processes at once: a file goes only when it is old, no row names it, and no running job or backup began before that was so.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, true

from studio.domain.upload import in_words
from studio.store.blobs import BlobStore
from studio.store.copying import oldest_copy
from studio.store.database import reading, utc_now, writing
from studio.store.keeping import KeepingStore
from studio.store.named import arriving_keys, named_keys
from studio.store.projects import ProjectStore
from studio.store.schema import BLOB_SIZES, JOBS, PROJECTS
from studio.store.server_values import ServerValues
from studio.store.uploads import UploadStore

DAY_S = 24 * 3600
_BATCH = 500  # keys in one statement
UNNAMED = "unnamed blobs"  # key → since when no row has named it, while jobs or backups run on that may have read so before


@dataclass(frozen=True, slots=True)
class Heap:
    count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Freed:
    """What went. `waiting`: stored files that go once the jobs and backups which may still read them are over."""

    projects: int
    blobs: Heap
    uploads: Heap
    cache: Heap
    waiting: Heap = Heap()
    drafts: Heap = Heap()  # of killed processes

    @property
    def size_bytes(self) -> int:
        return self.blobs.size_bytes + self.uploads.size_bytes + self.cache.size_bytes + self.drafts.size_bytes


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`cache`: the folder of what is made for the page."""

    engine: Engine
    blobs: BlobStore
    uploads: UploadStore
    cache: Path
    keeping: KeepingStore

    def sweep(self, *, is_dry_run: bool = False) -> Freed:
        """Free what is past its time. A dry run changes nothing and tells what would go."""
        keeping = self.keeping.get()
        before = (datetime.now(UTC) - timedelta(days=keeping.bin_days)).isoformat()
        projects = self._binned(before) if is_dry_run else ProjectStore(self.engine).purge(before)
        uploads = self._uploads(keeping.upload_days, is_dry_run)
        blobs, waiting = self._blobs(before, time.time() - keeping.young_s, is_dry_run)
        freed = Freed(projects, blobs, uploads, self._cache(time.time() - keeping.cache_days * DAY_S, is_dry_run), waiting, self._drafts(is_dry_run))
        if not is_dry_run:
            log = logging.getLogger(__name__)
            counts = projects, blobs.count, uploads.count, freed.cache.count, freed.drafts.count
            log.info("freed %d projects, %d stored files, %d uploads, %d cached files, %d drafts, %s", *counts, in_words(freed.size_bytes))
        return freed

    def _binned(self, before: str) -> int:
        with reading(self.engine) as connection:
            return connection.execute(select(func.count()).where(_is_over(before))).scalar_one()

    def _blobs(self, before: str, before_s: float, is_dry_run: bool) -> tuple[Heap, Heap]:
        """Stored files nobody names: (those that went, those that wait for a job or a backup)."""
        old = self.blobs.older_than(before_s)  # listed before the rows are read: what comes later is young
        with reading(self.engine) as connection:
            named = named_keys(connection, ~_is_over(before) if is_dry_run else true()) | arriving_keys(connection)
            oldest = _oldest_reader(connection)
        unnamed = [key for key in old if key not in named]
        since = self._since(unnamed, oldest, is_dry_run)
        ready = [key for key in unnamed if oldest is None or since[key] < oldest]
        waiting = _heap(self._size(key) for key in set(unnamed) - set(ready))
        if is_dry_run:
            return _heap(self._size(key) for key in ready), waiting
        sizes = {key: self.blobs.remove(key, before_s) for key in ready}
        self._forget_sizes([key for key, size in sizes.items() if size is not None])
        return _heap(sizes.values()), waiting

    def _forget_sizes(self, keys: Sequence[str]) -> None:
        """The sizes noted of files that went."""
        for start in range(0, len(keys), _BATCH):
            with writing(self.engine) as connection:
                connection.execute(delete(BLOB_SIZES).where(BLOB_SIZES.c.key.in_(keys[start : start + _BATCH])))

    def _since(self, unnamed: Iterable[str], oldest: str | None, is_dry_run: bool) -> dict[str, str]:
        """When it was first seen of each file that no row names it. Only kept while jobs or backups run; with none, nothing has to wait."""
        values, now = ServerValues(self.engine), utc_now()
        noted = values.get(UNNAMED, {})
        since = {key: noted.get(key, now) for key in unnamed}
        kept = since if oldest is not None else {}
        if kept != noted and not is_dry_run:
            values.put(UNNAMED, kept)
        return since

    def _size(self, key: str) -> int | None:
        return self.blobs.size_bytes(key) if self.blobs.exists(key) else None

    def _uploads(self, days: int, is_dry_run: bool) -> Heap:
        """Uploads nobody goes on with, and parts whose row has gone."""
        stale = self.uploads.stale(days)
        orphans = self.uploads.orphans(time.time() - days * DAY_S)
        sizes = [_size_of(self.uploads.part(one)) for one in stale] + [_size_of(path) for path in orphans]
        if not is_dry_run:
            for one in stale:
                self.uploads.forget(one)
            for path in orphans:
                path.unlink(missing_ok=True)
        return _heap(sizes)

    def _drafts(self, is_dry_run: bool) -> Heap:
        drafts = self.blobs.old_drafts()
        sizes = [_size_of(path) for path in drafts]
        if not is_dry_run:
            for path in drafts:
                path.unlink(missing_ok=True)
        return _heap(sizes)

    def _cache(self, oldest_s: float, is_dry_run: bool) -> Heap:
        """Files nobody has looked at for a while, and what killed processes left, folders too."""
        sizes: list[int] = []
        for path in self.cache.iterdir() if self.cache.is_dir() else ():
            with suppress(FileNotFoundError):  # another process may sweep too
                found = path.stat()
                if path.is_file() and max(found.st_atime, found.st_mtime) < oldest_s:
                    sizes.append(found.st_size)
                    if not is_dry_run:
                        path.unlink()
                elif path.is_dir() and not path.is_symlink() and found.st_mtime < min(oldest_s, time.time() - DAY_S):
                    sizes.append(sum(_size_of(file) for file in path.rglob("*")))
                    if not is_dry_run:
                        shutil.rmtree(path, ignore_errors=True)
        return _heap(sizes)


def _is_over(before: str) -> ColumnElement[bool]:
    return PROJECTS.c.deleted_at.is_not(None) & (PROJECTS.c.deleted_at < before)


def _oldest_reader(connection: Connection) -> str | None:
    """When the longest-running job or backup began; None while nothing runs."""
    began = func.coalesce(JOBS.c.started_at, JOBS.c.created_at)
    job = connection.execute(select(func.min(began)).where(JOBS.c.state == "running")).scalar()
    return min((since for since in (job, oldest_copy(connection)) if since is not None), default=None)


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _heap(sizes: Iterable[int | None]) -> Heap:
    there = [size for size in sizes if size is not None]
    return Heap(len(there), sum(there))
