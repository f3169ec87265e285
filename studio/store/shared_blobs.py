"""Stored files where several machines find them: an address in, a `BlobStore` out. `open_blobs` is the thing to use.

A folder that all machines mount is a `BlobStore` like any other. An object store (s3://bucket/prefix, through fsspec) gets a folder beside it that
holds what was used lately: files are written to both, the object store first, so that a key anybody knows is there; what is read is fetched once and
held against its hash. Keys, region and endpoint come from the standard AWS environment variables (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …) alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from studio.domain.errors import BadSetting, NotFound, StudioError
from studio.store.blobs import BlobStore, is_key
from studio.store.database import new_id

CACHE_BYTES = 50 * 2**30
USED_JUST_NOW_S = 600.0  # somebody was given its path and may be about to open it
PROTOCOLS = ("s3", "memory")  # "memory" is fsspec's own, for tests
ASKED_EVERY_S, ANSWERS_WITHIN_S = 10.0, 2.0
_MARK = "lipline.txt"
_KEPT_RATIO = 0.9  # of the cache's size, once something has to go
_DOORS = 64


def open_blobs(where: str, cache: Path, *, cache_bytes: int = CACHE_BYTES) -> BlobStore:
    """The store at a folder or an address. `cache`: this machine's folder for copies, of about `cache_bytes`. Raises BadSetting."""
    if (folder := shared_folder(where)) is not None:
        return BlobStore(folder)
    address = urlsplit(where)
    if address.scheme not in PROTOCOLS:
        raise BadSetting(f"Files are kept in a folder or at s3://bucket/prefix, not at {address.scheme}://; check --blobs.")
    if address.username is not None:
        raise BadSetting("The address of the files holds a name or a key; leave it to the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).")
    return SharedBlobs(where, cache, cache_bytes=cache_bytes)


def shared_folder(where: str) -> Path | None:
    """The folder that an address of files names; None where it names none."""
    if where.startswith("file://"):
        return Path(urlsplit(where).path)
    return None if "://" in where else Path(where).expanduser().resolve()


def try_store(where: str) -> None:
    """Keep a small file in an object store and take it away again. Raises BadSetting or StudioError where that does not go."""
    with tempfile.TemporaryDirectory(prefix="lipline-") as cache:
        store = open_blobs(where, Path(cache))
        key = store.put_bytes(secrets.token_bytes(16), ".bin")
        store.remove(key, math.inf)


class SharedBlobs(BlobStore):
    """An object store, with a folder for what was used lately. Safe to use from several threads, processes and machines."""

    def __init__(self, address: str, cache: Path, *, cache_bytes: int = CACHE_BYTES) -> None:
        super().__init__(cache)
        self._address, self._cache_bytes = address.rstrip("/"), cache_bytes
        self._files, self._root = _opened_store(self._address)
        self._doors = [threading.Lock() for _ in range(_DOORS)]
        self._evicting = threading.Lock()
        self._borrowers = cache / "borrowers"  # a locked file for each block of `borrowing`, of whichever process; who is killed lets go of it
        self._borrowers.mkdir(exist_ok=True)
        self._held_bytes: int | None = None  # None: not counted yet
        self._asking = threading.Lock()
        self._asked_s, self._silence = float("-inf"), ""  # when somebody last asked whether the store answers, and what was wrong
        self._check()

    def path(self, key: str) -> Path:
        """A copy on this machine, fetched if need be. Raises NotFound as the folder does, StudioError where the store does not answer or the
        file was damaged there."""
        place = self._place(key)
        if not self._touched(place):
            with self._doors[int(key[:8], 16) % _DOORS]:
                if not self._touched(place):
                    self._fetch(key, place)
            self._make_room()
        return place

    def exists(self, key: str) -> bool:
        if not is_key(key):
            return False
        if self._place(key).is_file():
            return True
        with self._told():
            return bool(self._files.exists(self._object(key)))

    def size_bytes(self, key: str) -> int:
        place = self._place(key)
        if place.is_file():
            return place.stat().st_size
        return int(self._info(key)["size"])

    def older_than(self, before_s: float) -> tuple[str, ...]:
        with self._told():
            found = self._files.find(self._root, detail=True)
        named = ((path.rsplit("/", 1)[-1], info) for path, info in found.items())
        return tuple(key for key, info in named if is_key(key) and _stored_s(info) < before_s)

    def remove(self, key: str, before_s: float) -> int | None:
        try:
            info = self._info(key)
        except NotFound:
            return None
        if _stored_s(info) >= before_s:
            return None
        with self._told():
            self._files.rm_file(self._object(key))
        self._place(key).unlink(missing_ok=True)
        return int(info["size"])

    def require_reachable(self) -> None:
        """Asks the store itself every few seconds at most, however many want to know; nobody waits for it for long."""
        if not self._asking.acquire(timeout=ANSWERS_WITHIN_S):
            raise StudioError(f"The store {self._address} does not answer; look at it and at the network.")
        try:
            if time.monotonic() > self._asked_s + ASKED_EVERY_S:
                self._silence = self._heard()
                self._asked_s = time.monotonic()
        finally:
            self._asking.release()
        if self._silence:
            raise StudioError(self._silence)

    def _heard(self) -> str:
        try:
            with self._told():
                self._files.info(f"{self._root}/{_MARK}")
        except FileNotFoundError:
            return f"The store {self._address} lacks the file {_MARK} that every start puts there; see whether its bucket was emptied."
        except StudioError as error:
            return str(error)
        return ""

    @contextmanager
    def borrowing(self) -> Iterator[None]:
        note = self._borrowers / new_id()
        draft = note.with_name(f".{note.name}")
        with draft.open("xb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            draft.rename(note)  # seen by others once it is locked
            try:
                yield
            finally:
                note.unlink(missing_ok=True)

    def _moved(self, path: Path, key: str) -> None:
        with self._told():
            self._files.put_file(str(path), self._object(key))  # whole or not there, as object stores have it
        self._count(path.stat().st_size)
        super()._moved(path, key)
        self._make_room()

    def _fetch(self, key: str, place: Path) -> None:
        self.require_space(int(self._info(key)["size"]))
        draft = self._drafts / f"{os.getpid()}-{threading.get_ident()}-{key}"
        try:
            with self._told():
                self._files.get_file(self._object(key), str(draft))
            with draft.open("rb") as copy:
                digest = hashlib.file_digest(copy, "sha256").hexdigest()
            if digest != key.split(".")[0]:
                raise StudioError(f"The file {key[:12]}… was damaged in {self._address}; restore it from a backup.")
            self._count(draft.stat().st_size)
            super()._moved(draft, key)
        finally:
            draft.unlink(missing_ok=True)

    def _check(self) -> None:
        """A wrong bucket, key or endpoint is told at the start, not at the first upload."""
        try:
            with self._told():
                self._files.pipe_file(f"{self._root}/{_MARK}", b"Files of a Lipline studio.\n")
        except FileNotFoundError as error:
            raise BadSetting(f"There is no bucket for {self._address}; make it, or check --blobs.") from error

    def _info(self, key: str) -> dict[str, Any]:
        self._place(key)  # what is no key is not asked for
        try:
            with self._told():
                return self._files.info(self._object(key))
        except FileNotFoundError as error:
            raise NotFound("stored file", key[:80]) from error

    def _object(self, key: str) -> str:
        return f"{self._root}/{key[:2]}/{key[2:4]}/{key}"

    @staticmethod
    def _touched(place: Path) -> bool:
        """Whether the copy is here; from now on it was used just now."""
        try:
            os.utime(place, (time.time(), place.stat().st_mtime))
        except FileNotFoundError:
            return False
        return True

    def _count(self, size_bytes: int) -> None:
        if self._held_bytes is not None:
            self._held_bytes += size_bytes

    def _make_room(self) -> None:
        """Let go of the copies used longest ago once they are more than the cache may hold, but of none that somebody may open again."""
        if self._held_bytes is not None and self._held_bytes <= self._cache_bytes:
            return
        with self._evicting:
            copies = sorted(_copies(self._folder), key=lambda copy: copy[1].st_atime)
            held = sum(facts.st_size for _, facts in copies)
            if held > self._cache_bytes:
                kept_since_s = self._kept_since_s()
                for place, facts in copies:
                    if held <= self._cache_bytes * _KEPT_RATIO or facts.st_atime >= kept_since_s:
                        break
                    place.unlink(missing_ok=True)
                    held -= facts.st_size
            self._held_bytes = held

    def _kept_since_s(self) -> float:
        """What was used since then stays: just now, or since whoever borrows longest began."""
        since_s = time.time() - USED_JUST_NOW_S
        for note in self._borrowers.glob("[!.]*"):
            with suppress(FileNotFoundError), note.open("rb") as file:  # it may end in this moment
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    note.unlink()  # whoever had locked it was killed
                except BlockingIOError:
                    since_s = min(since_s, os.fstat(file.fileno()).st_mtime)
        return since_s

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the store's own library raises, as a sentence; a file that is not there passes."""
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError as error:
            raise BadSetting(f"The store {self._address} refuses: {error}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket.") from error
        except (OSError, *_library_errors()) as error:
            raise StudioError(f"The store {self._address} does not answer ({error}); what was confirmed before is kept. Try again in a moment.") from error


def _opened_store(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        if urlsplit(address).scheme == "s3":
            import s3fs  # noqa: F401  fsspec finds it by name
    except ImportError as error:
        raise BadSetting(f"Files at {address} need fsspec and s3fs; pip install -r requirements-cluster.txt, or name a folder with --blobs.") from error
    files, root = url_to_fs(address, skip_instance_cache=True, use_listings_cache=False)
    return files, root.rstrip("/")


def _library_errors() -> tuple[type[Exception], ...]:
    botocore = sys.modules.get("botocore.exceptions")
    return () if botocore is None else (botocore.BotoCoreError, botocore.ClientError)


def _stored_s(info: dict[str, Any]) -> float:
    """When an object was stored, in seconds since 1970; of one that does not tell, now."""
    told = info.get("LastModified") or info.get("created")
    if isinstance(told, datetime):
        return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp()
    return time.time()


def _copies(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for place in folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):  # another process evicts too
            yield place, place.stat()
