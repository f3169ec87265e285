"""A studio brought back: a backup in, an empty home and an empty database filled. Everything is verified before anything counts as restored.

Blobs come first and the database last, by one rename or one transaction: a restore that breaks off leaves no studio, and may be started again.
Every blob is hashed from the disk it was written to, the database file against the manifest, and its rows against the counts there.
"""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from studio.domain.backup import FORMAT, Manifest, RestoreDone
from studio.domain.disk import room_told
from studio.domain.errors import BadSetting, NotFound, StudioError
from studio.domain.strict import read
from studio.store.backup import BLOB_LIST, MANIFEST, blob_name, sha256_of
from studio.store.blobs import BlobStore
from studio.store.dumps import FILE_NAMES, is_empty, load
from studio.store.migrate import knows
from studio.store.schema import SCHEMA_VERSION

Watch = Callable[[int, int], None]
_CHUNK_BYTES = 2**20
_LISTED = re.compile(r"([0-9a-f]{64}\.[a-z0-9]{1,5}) ([0-9]{1,18})", re.ASCII)


class Source(Protocol):
    """A folder or a .tar of `backup.py`. `open` raises KeyError or FileNotFoundError for a name that is not in it."""

    def snapshots(self) -> list[str]: ...

    def open(self, name: str) -> IO[bytes]: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment in a backup, with the files it names."""

    source: Source
    name: str
    manifest: Manifest
    sizes: dict[str, int]


def restore(snapshot: Snapshot, url: str, blobs: BlobStore, home: Path, *, despite_damage: bool = False, watch: Watch | None = None) -> RestoreDone:
    """Fill an empty database and an empty home; `watch` is told how many files of how many are there. Raises BadSetting where they are not empty; StudioError for a backup that is not whole, which
    `despite_damage` takes as it is, blobs that are lost left out."""
    manifest = snapshot.manifest
    if not is_empty(url):
        raise BadSetting(
            "There is a studio already where this backup would go, or what is left of one (studio.db-wal); restore into an empty home or database, "
            "then switch over."
        )
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=home) as scratch:
        file = Path(scratch) / FILE_NAMES[manifest.kind]
        _fetch_checked(snapshot, file)
        lost = _restore_blobs(snapshot, blobs, watch)
        if lost and not despite_damage:
            raise StudioError(
                f"{len(lost)} of {len(snapshot.sizes)} files of this backup are missing or damaged, the first is {lost[0]}; take another snapshot, "
                "or restore all the same with --despite-damage."
            )
        load(file, manifest.kind, url, dict(manifest.rows))
    gone = tuple(sorted({*lost, *manifest.missing, *manifest.damaged}))
    whole = {key: size for key, size in snapshot.sizes.items() if key not in lost}
    return RestoreDone(manifest.made_at, sum(manifest.rows.values()), len(whole), sum(whole.values()), gone)


@contextmanager
def opened(place: Path, name: str | None = None) -> Iterator[Snapshot]:
    """The newest snapshot of a backup, or the one of that name. Raises BadSetting where there is none."""
    with _source(place) as source:
        names = source.snapshots()
        if not names:
            raise BadSetting(f"{place} holds no whole backup; name the folder or the .tar that `python -m studio backup` made.")
        if name is not None and name not in names:
            raise BadSetting(f"There is no snapshot {name} in {place}; there are {', '.join(names[-5:])}.")
        chosen = names[-1] if name is None else name
        folder = f"snapshots/{chosen}"
        manifest = _manifest(_read(source, f"{folder}/{MANIFEST}"), place)
        yield Snapshot(source, chosen, manifest, _sizes(_read(source, f"{folder}/{BLOB_LIST}"), place))


def snapshots(place: Path) -> tuple[str, ...]:
    """Names of all whole snapshots, the oldest first."""
    with _source(place) as source:
        return tuple(source.snapshots())


def _read(source: Source, name: str) -> bytes:
    with _member(source, name) as file:
        return file.read()


@contextmanager
def _member(source: Source, name: str) -> Iterator[IO[bytes]]:
    """A file that no backup is whole without."""
    try:
        with source.open(name) as file:
            yield file
    except (KeyError, FileNotFoundError) as error:
        raise StudioError(f"{name} is not in this backup; it is not whole. Take another snapshot.") from error
    except (OSError, tarfile.TarError) as error:
        raise StudioError(f"{name} of this backup cannot be read ({_reason(error)}); look at the disk and whose file it is, or take another snapshot.") from error


def _sizes(data: bytes, place: Path) -> dict[str, int]:
    """Blobs and their sizes; names that are none, as an archive from elsewhere may hold them, are refused."""
    lines = [_LISTED.fullmatch(line) for line in data.decode("ascii", "replace").splitlines()]
    if None in lines:
        raise StudioError(f"The list of files in {place} is damaged; take another snapshot.")
    return {line[1]: int(line[2]) for line in lines if line is not None}


def _manifest(data: bytes, place: Path) -> Manifest:
    try:
        plain = json.loads(data)
        if isinstance(plain, dict) and isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
            raise BadSetting(f"This backup was made by a newer Lipline (format {plain['format']}); restore it with that version.")
        manifest = read(Manifest, plain)
    except (ValueError, RecursionError) as error:
        raise StudioError(f"The manifest in {place} cannot be read; the backup is damaged, take another.") from error
    if manifest.kind not in FILE_NAMES:
        raise StudioError(f"The manifest in {place} names no kind of database that there is; the backup is damaged, take another.")
    if not knows(manifest.schema):
        raise BadSetting(f"This backup was made by a newer Lipline (its schema is {manifest.schema[:20]}, this one knows {SCHEMA_VERSION}); restore it with that version.")
    return manifest


def _fetch_checked(snapshot: Snapshot, file: Path) -> None:
    """The database file and the list of blobs, as the manifest knows them."""
    for name in (BLOB_LIST, file.name):
        copy = file.with_name(name)
        with _member(snapshot.source, f"snapshots/{snapshot.name}/{name}") as source, room_told(file.parent), copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        if sha256_of(copy) != snapshot.manifest.sha256.get(name):
            raise StudioError(f"{name} of this backup is damaged: it is not what its manifest says. Take another snapshot.")


def _restore_blobs(snapshot: Snapshot, blobs: BlobStore, watch: Watch | None) -> list[str]:
    """Every blob into the store, which hashes what it wrote; returns those that are missing or not what their name says."""
    lost = []
    for number, key in enumerate(snapshot.sizes, start=1):
        if not _is_there(blobs, key) and not _put(snapshot.source, key, blobs):
            lost.append(key)
        if watch is not None:
            watch(number, len(snapshot.sizes))
    return lost


def _is_there(blobs: BlobStore, key: str) -> bool:
    """From a restore that broke off; believed only if its bytes are right."""
    with suppress(NotFound):
        return sha256_of(blobs.path(key)) == key.partition(".")[0]
    return False


def _put(source: Source, key: str, blobs: BlobStore) -> bool:
    """Into a draft of the store itself, on its own disk; what was written there is hashed, and a wrong name is not kept."""
    try:
        stored = source.open(blob_name(key))
    except (KeyError, OSError):
        return False
    try:
        with stored, blobs.create(Path(key).suffix) as draft:
            with draft.path.open("wb") as target:
                shutil.copyfileobj(stored, target, _CHUNK_BYTES)
            draft.sha256 = sha256_of(draft.path)
            if draft.sha256 != key.partition(".")[0]:
                raise _Damaged
    except (tarfile.TarError, _Damaged):
        return False
    return True


class _Damaged(Exception):
    """A blob of a backup whose bytes are not those its name promises."""


@contextmanager
def _source(place: Path) -> Iterator[Source]:
    if place.is_dir():
        yield _FolderSource(place)
        return
    try:
        archive = tarfile.open(place, "r:")  # noqa: SIM115  closed below; what goes wrong in the block is not about opening
        archive.getmembers()  # from end to end: one that was cut off is found out here
    except (tarfile.TarError, OSError) as error:
        raise BadSetting(f"{place} cannot be read as a backup ({_reason(error)}); name the folder or the .tar that `python -m studio backup` made.") from error
    with archive:
        yield _TarSource(archive)


class _FolderSource:
    def __init__(self, place: Path) -> None:
        self._place = place

    def snapshots(self) -> list[str]:
        return sorted(path.parent.name for path in self._place.glob(f"snapshots/[0-9]*/{MANIFEST}"))

    def open(self, name: str) -> IO[bytes]:
        return (self._place / name).open("rb")


class _TarSource:
    """Members are read by the names a backup gives them and never unpacked, so that a foreign archive writes nowhere."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def snapshots(self) -> list[str]:
        parts = (name.split("/") for name in self._archive.getnames())
        return sorted(part[1] for part in parts if len(part) == 3 and part[0] == "snapshots" and part[2] == MANIFEST)

    def open(self, name: str) -> IO[bytes]:
        member = self._archive.getmember(name)
        found = self._archive.extractfile(member) if member.isreg() else None  # a link is nothing that a backup makes
        if found is None:
            raise KeyError(name)
        return found


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
