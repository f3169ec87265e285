"""A studio put away: the database at one moment and every file it names. Enter: a database URL, the blobs, a folder or a .tar. Leaves: a snapshot.

In a folder snapshots share their blobs, which never change, so a further backup copies only what is new:
    blobs/ab/cd/<sha256>.<suffix>        snapshots/<moment>/{manifest.json, blobs.txt, studio.db or studio.pgdump}
A .tar holds the same names with one snapshot. The database is taken first and blobs are written before rows that name them, so people may go
on working: what is in the snapshot is whole. Every blob is hashed while it is copied.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from studio.domain.backup import FORMAT, BackupDone, Manifest
from studio.domain.errors import BadSetting, NotFound, OutOfSpace
from studio.domain.plain import to_plain
from studio.store.blobs import BlobStore
from studio.store.copying import copying
from studio.store.dumps import FILE_NAMES, Dumped, dump

MANIFEST, BLOB_LIST = "manifest.json", "blobs.txt"
_CHUNK_BYTES = 2**20


class Target(Protocol):
    """Where a backup goes. `has` and `put` are about blobs; nothing of a snapshot is there before `finish`."""

    def has(self, key: str, size_bytes: int) -> bool: ...

    def put(self, key: str, path: Path) -> bool:
        """Copy a blob; False, and nothing is kept, when its bytes are not those its name promises."""
        ...

    def finish(self, snapshot: str, files: Iterable[Path]) -> None: ...


def back_up(url: str, blobs: BlobStore, place: Path, *, keep: int | None = None, watch: Callable[[int, int], None] | None = None) -> BackupDone:
    """Make one snapshot in the folder `place`, or a new file if it ends in .tar. `keep`: of a folder's snapshots only the newest so many stay.

    Raises BadSetting for a place that cannot be used, StudioError where the database cannot be read, OutOfSpace."""
    now = datetime.now(UTC)
    snapshot = now.strftime("%Y-%m-%dT%H%M%S.%fZ")
    try:
        with _target(place) as target, copying(url) as renew:
            with tempfile.TemporaryDirectory(prefix=".making-", dir=_beside(place)) as scratch:
                folder = Path(scratch)
                file = folder / "database"
                dumped = dump(url, file)
                file = file.rename(folder / FILE_NAMES[dumped.kind])
                copied = _copy_blobs(dumped, blobs, target, renew, watch)
                manifest = _manifest(now, dumped, copied, (file, _list_file(folder, copied)))
                (folder / MANIFEST).write_text(json.dumps(to_plain(manifest), indent=1) + "\n", encoding="utf-8")
                target.finish(snapshot, (file, folder / BLOB_LIST, folder / MANIFEST))
            dropped = () if keep is None or place.suffix == ".tar" else drop_old(place, keep)
    except OSError as error:
        if error.errno == 28:
            raise OutOfSpace(str(place)) from error
        raise BadSetting(f"{place} cannot be written ({error.strerror}); choose another place for the backup.") from error
    return BackupDone(str(place), manifest, copied.new_blobs, copied.new_bytes, dropped)


def _beside(place: Path) -> Path:
    """On the same disk, so that what is made there need not fit anywhere else."""
    return place.parent if place.suffix == ".tar" else place / "snapshots"


class _Copied:
    """What became of the blobs, filled while they are copied."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.missing: list[str] = []
        self.damaged: list[str] = []
        self.new_blobs = self.new_bytes = 0


def _copy_blobs(dumped: Dumped, blobs: BlobStore, target: Target, renew: Callable[[], None], watch: Callable[[int, int], None] | None) -> _Copied:
    keys = sorted(blobs.older_than(float("inf")) if dumped.blobs is None else dumped.blobs)
    copied = _Copied()
    for number, key in enumerate(keys, start=1):
        try:
            path = blobs.path(key)
        except NotFound:
            copied.missing.append(key)
            continue
        size = path.stat().st_size
        if not target.has(key, size):
            if not target.put(key, path):
                copied.damaged.append(key)
                continue
            copied.new_blobs += 1
            copied.new_bytes += size
        copied.sizes[key] = size
        renew()
        if watch is not None:
            watch(number, len(keys))
    return copied


def _list_file(folder: Path, copied: _Copied) -> Path:
    path = folder / BLOB_LIST
    path.write_text("".join(f"{key} {size}\n" for key, size in copied.sizes.items()), encoding="ascii")
    return path


def _manifest(now: datetime, dumped: Dumped, copied: _Copied, files: tuple[Path, ...]) -> Manifest:
    return Manifest(
        format=FORMAT,
        made_at=now.isoformat(timespec="seconds"),
        kind=dumped.kind,
        schema=dumped.schema,
        rows=dumped.rows,
        sha256={path.name: sha256_of(path) for path in files},
        blobs=len(copied.sizes),
        blob_bytes=sum(copied.sizes.values()),
        missing=tuple(copied.missing),
        damaged=tuple(copied.damaged),
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blob_name(key: str) -> str:
    return f"blobs/{key[:2]}/{key[2:4]}/{key}"


def drop_old(place: Path, keep: int) -> tuple[str, ...]:
    """Delete all but the newest `keep` snapshots of a folder, then the blobs that none of them names; returns the names of what went."""
    if keep < 1:
        raise BadSetting("Keep at least one snapshot.")
    snapshots = sorted(path for path in (place / "snapshots").iterdir() if (path / MANIFEST).is_file())
    gone, left = snapshots[:-keep], snapshots[-keep:]
    if not gone:
        return ()
    named = {key for snapshot in left for key in _listed(snapshot)}
    for snapshot in gone:
        shutil.rmtree(snapshot)
    for path in (place / "blobs").glob("??/??/*"):
        if path.name not in named and not path.name.startswith("."):
            path.unlink()
    return tuple(snapshot.name for snapshot in gone)


def _listed(snapshot: Path) -> list[str]:
    try:
        return [line.split(" ")[0] for line in (snapshot / BLOB_LIST).read_text("ascii").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"A new backup was made, but none was dropped: {snapshot} lacks its list of files, so that nobody knows which are still wanted; "
            "delete that folder, and drop old ones next time."
        ) from error


@contextmanager
def _target(place: Path) -> Iterator[Target]:
    if place.suffix != ".tar":
        (place / "snapshots").mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(place):
            for left in (place / "snapshots").glob(".*"):  # of a backup that was killed: a copy of the whole database
                shutil.rmtree(left)
            yield _Folder(place)
        return
    if place.exists():
        raise BadSetting(f"{place} is there already; name a new file, or a folder, which takes many backups.")
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                yield _Tar(archive)
            os.fsync(file.fileno())
        os.replace(draft, place)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One backup at a time into a folder: who drops old snapshots would drop the files of one that is not finished too."""
    with open(os.open(place / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadSetting(f"Another backup into {place} is under way; wait until it is done.") from error
        yield


class _Folder:
    def __init__(self, place: Path) -> None:
        self._place = place

    def has(self, key: str, size_bytes: int) -> bool:
        path = self._place / blob_name(key)
        return path.is_file() and path.stat().st_size == size_bytes

    def put(self, key: str, path: Path) -> bool:
        place = self._place / blob_name(key)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = place.with_name(f".{key}.{os.getpid()}")
        try:
            with path.open("rb") as source, draft.open("wb") as target:
                is_whole = _copied_sha256(source, target) == key.partition(".")[0]
                os.fsync(target.fileno())
            if is_whole:
                os.replace(draft, place)
            return is_whole
        finally:
            draft.unlink(missing_ok=True)

    def finish(self, snapshot: str, files: Iterable[Path]) -> None:
        draft = self._place / "snapshots" / f".{snapshot}"
        draft.mkdir(mode=0o700)
        for file in files:
            with file.open("rb") as source, (draft / file.name).open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)
                os.fsync(target.fileno())
        os.replace(draft, self._place / "snapshots" / snapshot)


class _Tar:
    """A stream: what has been written stays, so a damaged blob leaves bytes under its name, and the list does not name it."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def has(self, key: str, size_bytes: int) -> bool:
        return False

    def put(self, key: str, path: Path) -> bool:
        with path.open("rb") as source:
            hashing = _Hashing(source)
            self._add(blob_name(key), hashing, path.stat().st_size)
        return hashing.digest.hexdigest() == key.partition(".")[0]

    def finish(self, snapshot: str, files: Iterable[Path]) -> None:
        for file in files:
            with file.open("rb") as source:
                self._add(f"snapshots/{snapshot}/{file.name}", source, file.stat().st_size)

    def _add(self, name: str, source: BinaryIO | _Hashing, size_bytes: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size_bytes, 0o600
        self._archive.addfile(member, source)  # type: ignore[arg-type]


class _Hashing(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


def _copied_sha256(source: BinaryIO, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def require_distinct(place: Path, home: Path) -> None:
    """Raises BadSetting for a backup inside of what it backs up."""
    inside = place.resolve()
    if inside == home.resolve() or (home / "blobs").resolve() in (inside, *inside.parents):
        raise BadSetting(f"{place} lies in the studio it would back up; choose a place outside, best on another disk.")
