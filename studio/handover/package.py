"""A delivery as an ordered set of files that are made while they are written: into a folder, or into a ZIP that streams.

A `Part` knows its size before it is made, so a ZIP (stored, never deflated) has a length, and a browser shows its progress.
Memory stays flat however long the film is.
"""

from __future__ import annotations

import io
import os
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studio.domain.errors import BadSetting, Cancelled, MediaToolFailed
from studio.media.ffmpeg import CancelCheck, storage_error

Progress = Callable[[int, int], None]
Chunks = Callable[[], Iterator[bytes]]
ABOUT = "handover.txt"
"""The file in which every delivery says what it is; a folder that holds one may be replaced by a newer delivery."""
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same delivery is the same file, whenever it is packed
_ENTRIES_LIMIT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a delivery. `name` is its path inside, with forward slashes; `chunks` makes its bytes anew at each call,
    exactly `size_bytes` of them."""

    name: str
    size_bytes: int
    chunks: Chunks


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is handed over. `name`: of its folder or archive, safe on every system."""

    name: str
    parts: tuple[Part, ...]

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to know how far it is, in bytes, and who may say stop."""

    progress: Progress | None = None
    cancel: CancelCheck | None = None

    def tell(self, done: int, total: int) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled
        if self.progress is not None:
            self.progress(done, total)


QUIET = Watch()


def text_part(name: str, text: str) -> Part:
    """A text file, UTF-8."""
    data = text.encode("utf-8")
    return Part(name, len(data), lambda: iter((data,)))


def file_part(name: str, path: Path) -> Part:
    """A stored file, bit for bit. Raises MediaToolFailed where it is gone."""
    return Part(name, _size(path), lambda: _file_chunks(path))


def write_folder(delivery: Delivery, place: Path, watch: Watch = QUIET) -> Path:
    """Write the parts into a folder of the delivery's name inside `place`; it is complete or absent: made beside and renamed. A single
    file goes into `place` itself. Returns what was written.

    An earlier delivery there is replaced, anything else left alone. Raises BadSetting, OutOfSpace, Cancelled, MediaToolFailed.
    """
    if len(delivery.parts) == 1:
        return _write_alone(delivery, place, watch)
    folder = place / delivery.name
    _check_free(folder)
    draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.mkdir(parents=True)
        done = 0
        for part in delivery.parts:
            done = _write_part(part, draft, done, delivery.size_bytes, watch)
        _put_in_place(draft, folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def write_file(part: Part, path: Path, watch: Watch = QUIET) -> None:
    """Write one part to `path`, a draft of the caller's. Raises OutOfSpace, Cancelled, MediaToolFailed."""
    try:
        _write_part(replace(part, name=path.name), path.parent, 0, part.size_bytes, watch)
    except OSError as error:
        raise storage_error(error, path) from error


def write_zip(delivery: Delivery, path: Path, watch: Watch = QUIET) -> None:
    """Write the ZIP to `path`, a draft of the caller's. Raises OutOfSpace, Cancelled, MediaToolFailed."""
    total, done = zip_size(delivery), 0
    try:
        with path.open("wb") as file:
            for chunk in zip_chunks(delivery):
                watch.tell(done, total)
                file.write(chunk)
                done += len(chunk)
    except OSError as error:
        raise storage_error(error, path) from error


def zip_chunks(delivery: Delivery) -> Iterator[bytes]:
    """The ZIP as it is made, in order; `zip_size` bytes in all."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for part in delivery.parts:
            info = zipfile.ZipInfo(part.name, _ZIP_EPOCH)
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=_is_large(part)) as entry:
                for chunk in _checked(part):
                    entry.write(chunk)
                    yield pipe.taken()
    yield pipe.taken()


def zip_size(delivery: Delivery) -> int:
    """Length of what `zip_chunks` yields, by the sizes of the format's records (APPNOTE 4.3)."""
    at, directory = 0, 0
    for part in delivery.parts:
        name, is_large = len(part.name.encode("utf-8")), _is_large(part)
        sizes, offset = 16 * is_large * (part.size_bytes > zipfile.ZIP64_LIMIT), 8 * (at > zipfile.ZIP64_LIMIT)
        directory += 46 + name + (4 + sizes + offset if sizes + offset else 0)
        at += 30 + name + 20 * is_large + part.size_bytes + (24 if is_large else 16)
    has_far = len(delivery.parts) > _ENTRIES_LIMIT or at > zipfile.ZIP64_LIMIT or directory > zipfile.ZIP64_LIMIT
    return at + directory + 22 + (56 + 20 if has_far else 0)


class _Pipe(io.RawIOBase):
    """A place that only takes; the archive cannot seek in it, and so writes forward."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._waiting.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        out = b"".join(self._waiting)
        self._waiting.clear()
        return out


def _is_large(part: Part) -> bool:
    return part.size_bytes > zipfile.ZIP64_LIMIT


def _checked(part: Part) -> Iterator[bytes]:
    """The bytes of a part, which must be as many as it promised: a length told to a browser cannot be taken back."""
    done = 0
    for chunk in part.chunks():
        done += len(chunk)
        if done > part.size_bytes:
            break
        yield chunk
    if done != part.size_bytes:
        raise MediaToolFailed(f"Writing {part.name}", f"{done} bytes came where {part.size_bytes} were promised.")


def _write_part(part: Part, folder: Path, done: int, total: int, watch: Watch) -> int:
    path = folder / part.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in _checked(part):
            watch.tell(done, total)
            file.write(chunk)
            done += len(chunk)
    watch.tell(done, total)
    return done


def _write_alone(delivery: Delivery, place: Path, watch: Watch) -> Path:
    (part,) = delivery.parts
    path = place / part.name
    draft = f".{path.name}.{uuid.uuid4().hex[:8]}"
    try:
        _write_part(replace(part, name=draft), place, 0, part.size_bytes, watch)
        os.replace(place / draft, path)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        (place / draft).unlink(missing_ok=True)
    return path


def _check_free(folder: Path) -> None:
    """What bears the name of a delivery may only be replaced where it is one."""
    if folder.exists() and not (folder / ABOUT).is_file():
        raise BadSetting(f"“{folder}” is there already and is no earlier delivery; move it away, or choose another place.")


def _put_in_place(draft: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    if folder.exists():
        os.replace(folder, old)
    os.replace(draft, folder)
    shutil.rmtree(old, ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MediaToolFailed(f"Reading {path.name}", str(error)) from error


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
    except OSError as error:
        raise MediaToolFailed(f"Reading {path.name}", str(error)) from error
