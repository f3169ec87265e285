"""Files by what they hold: bytes in, a key "<sha256>.<suffix>" out, and a path for a key. A stored blob never changes.

Everything is written to `drafts/` beside the blobs, hashed, synced to disk and renamed, so a blob is whole or not there;
the user's own file is only ever read. A new kind of file is a new suffix in SUFFIXES.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from studio.domain.disk import room_told
from studio.domain.errors import BadMedia, BadSetting, NotFound, OutOfSpace, StudioError
from studio.store.database import new_id

SUFFIXES = frozenset(
    [
        "wav",
        "flac",
        "mp3",
        "m4a",
        "aac",
        "ogg",
        "oga",
        "opus",
        "mka",
        "mp4",
        "m4v",
        "mov",
        "mkv",
        "webm",
        "avi",
        "mpg",
        "mpeg",
        "ts",
        "mts",
        "m2ts",
        "wmv",
        "flv",
        "3gp",
        "mxf",
        "srt",
        "vtt",
        "ass",
        "ssa",
        "ttml",
        "xml",
        "csv",
        "tsv",
        "txt",
        "json",
        "npy",
        "npz",
        "png",
        "jpg",
        "peaks",
        "bin",
    ]
)
DRAFT_LIFE_S = 24 * 3600
RESERVE_BYTES = 64 * 2**20  # left free by large copies, so that the database beside can still write
_KEY = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{1,5})", re.ASCII)
_CHUNK_BYTES = 2**20


class Draft:
    """A blob in the making: write to `path`; `key` is known once the block of `BlobStore.create` has been left.

    `sha256` may be set by who has hashed every byte while writing it; None lets the store read the file once more.
    """

    __slots__ = ("_key", "path", "sha256")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sha256: str | None = None
        self._key: str | None = None

    @property
    def key(self) -> str:
        assert self._key is not None, "a draft has no key before its block has been left"
        return self._key

    def stored_as(self, key: str) -> None:
        self._key = key


class BlobStore:
    """The blob folder of one home; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / "drafts"
        self.parts = folder / "parts"  # of files on their way in; beside the blobs, so that a rename makes them one
        try:
            for made in (self._drafts, self.parts):
                made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadSetting(f"The folder {folder} for media cannot be made ({error.strerror}); choose another home.") from error

    def put_file(self, path: Path, *, suffix: str | None = None) -> str:
        """Copy a file in; `suffix` (".mp4") None takes the file's own, and one nobody knows becomes ".bin".

        Raises BadMedia when it cannot be read, OutOfSpace when it does not fit; then nothing is kept.
        """
        wanted = (path.suffix if suffix is None else suffix).lower()
        with _opened(path) as source, self.create(wanted if wanted.removeprefix(".") in SUFFIXES else ".bin") as draft:
            self.require_space(os.fstat(source.fileno()).st_size)
            with draft.path.open("wb") as target:
                draft.sha256 = _copy(source, target, path.name)
        return draft.key

    def put_bytes(self, data: bytes, suffix: str) -> str:
        """Keep bytes; `suffix` such as ".json"."""
        with self.create(suffix) as draft:
            draft.path.write_bytes(data)
        return draft.key

    @contextmanager
    def create(self, suffix: str) -> Iterator[Draft]:
        """A file to write; a blob when the block ends well, nothing at all when it does not. Any part of the block that
        fills the disk raises OutOfSpace.

        >>> with blobs.create(".wav") as draft: write_wav(draft.path, audio)  # doctest: +SKIP
        """
        assert suffix.startswith(".") and suffix[1:] in SUFFIXES, f"{suffix!r} is no suffix of a blob"
        draft = Draft(self._drafts / f"{new_id()}{suffix}")
        try:
            with room_told(self._folder):
                yield draft
                draft.stored_as(self._store(draft, suffix))
        finally:
            draft.path.unlink(missing_ok=True)

    def adopt(self, path: Path, key: str) -> str:
        """Make a file of `parts` a blob, by a rename; `key` is its sha256 with a suffix, known to who wrote it. Returns the key."""
        assert is_key(key) and path.parent == self.parts, f"{path} cannot become the blob {key!r}"
        os.utime(path)  # young again, as everything is that was just stored
        self._moved(path, key)
        return key

    def path(self, key: str) -> Path:
        """Where the blob lies. Raises NotFound for what is no key, or no blob here."""
        place = self._place(key)
        if not place.is_file():
            raise NotFound("stored file", key[:80])
        return place

    def exists(self, key: str) -> bool:
        """Whether the blob is here; what is no key is not."""
        return is_key(key) and self._place(key).is_file()

    def size_bytes(self, key: str) -> int:
        """How large the blob is. Raises NotFound like `path`."""
        return self.path(key).stat().st_size

    def sweep(self) -> int:
        """Remove drafts that a killed process left more than a day ago; returns how many. Call at start."""
        drafts = self.old_drafts()
        for draft in drafts:
            draft.unlink(missing_ok=True)  # another process may sweep too
        return len(drafts)

    def old_drafts(self) -> tuple[Path, ...]:
        """Drafts that a killed process left more than a day ago."""
        oldest_s, found = time.time() - DRAFT_LIFE_S, []
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):
                if draft.is_file() and draft.stat().st_mtime < oldest_s:
                    found.append(draft)
        return tuple(found)

    def older_than(self, before_s: float) -> tuple[str, ...]:
        """Keys of the blobs stored before a time in seconds since 1970."""
        found = []
        for file in self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):  # another server sweeps too
                if is_key(file.name) and file.stat().st_mtime < before_s:
                    found.append(file.name)
        return tuple(found)

    def remove(self, key: str, before_s: float) -> int | None:
        """Delete a blob that nobody names any more; returns its size in bytes.

        None, and nothing is deleted, when it has gone already or was stored again since `before_s`.
        """
        place = self._place(key)
        try:
            found = place.stat()
            if found.st_mtime >= before_s:
                return None
            place.unlink()
        except FileNotFoundError:
            return None
        return found.st_size

    @contextmanager
    def borrowing(self) -> Iterator[None]:
        """Around work that opens a path again long after it was given it: until the end of the block none of them goes, but by `remove`."""
        yield

    @property
    def folder(self) -> Path:
        """Where files are written on this machine."""
        return self._folder

    def require_reachable(self) -> None:
        """Raises StudioError where the files cannot be reached just now, such as a shared folder that is no longer mounted. Cheap."""
        try:
            self._drafts.stat()
        except OSError as error:
            raise StudioError(f"The folder {self._folder} of the files cannot be reached ({error.strerror}); mount it again, or check --blobs.") from error

    def require_space(self, size_bytes: int) -> None:
        """Raises OutOfSpace when `size_bytes` more would leave less than the reserve free."""
        if shutil.disk_usage(self._folder).free < size_bytes + RESERVE_BYTES:
            raise OutOfSpace(str(self._folder))

    def _place(self, key: str) -> Path:
        if not is_key(key):
            raise NotFound("stored file", key[:80])
        return self._folder / key[:2] / key[2:4] / key

    def _store(self, draft: Draft, suffix: str) -> str:
        path, digest = draft.path, draft.sha256
        assert path.is_file(), "the block of a draft ended without writing the draft"
        with path.open("r+b") as written:
            if digest is None:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            os.fsync(written.fileno())
        self._moved(path, digest + suffix)
        return digest + suffix

    def _moved(self, path: Path, key: str) -> None:
        place = self._place(key)
        path.chmod(0o444)  # nobody writes into a stored blob by accident
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            is_there = place.stat().st_size == path.stat().st_size
            if is_there:  # whoever is about to open it was let at this very file; only that it is young again is news
                os.utime(place)
        except FileNotFoundError:
            is_there = False
        path.unlink() if is_there else path.replace(place)
        for folder in (place.parent, place.parent.parent, self._folder):
            _sync_folder(folder)


def is_key(key: str) -> bool:
    """Whether a text has the form of a blob's key."""
    found = _KEY.fullmatch(key)
    return found is not None and found[2] in SUFFIXES


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        source = path.open("rb")
    except OSError as error:
        raise BadMedia(
            path.name, f"it cannot be opened ({error.strerror}); check that it still exists and that you may read it."
        ) from error
    with source:
        yield source


def _copy(source: BinaryIO, target: BinaryIO, name: str) -> str:
    """Returns the sha256 of what was written."""
    digest = hashlib.sha256()
    while True:
        try:
            chunk = source.read(_CHUNK_BYTES)
        except OSError as error:
            raise BadMedia(name, f"reading it broke off ({error.strerror}); check the disk or network folder it lies on.") from error
        if not chunk:
            return digest.hexdigest()
        digest.update(chunk)
        target.write(chunk)


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
