"""A whole project as one ZIP: `project.json`, and each file it names under `blobs/` by its hash. Written and taken apart here; what it means is
`studio/project_archive.py`.

An archive of a stranger is looked at before anything is unpacked: how many parts, how large, named how. Nothing is ever unpacked under a
name of its own, so no name leads anywhere. Raises BadArchive with the one sentence.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from studio.domain.errors import BadArchive

DOCUMENT = "project.json"
FORMAT, VERSION = "lipline-project", 1
MAX_PARTS = 200_000
MAX_DIRECTORY_BYTES = 64 * 2**20
MAX_DOCUMENT_BYTES = 128 * 2**20
_CHUNK_BYTES = 2**20
_BLOB = re.compile(r"blobs/([0-9a-f]{64}\.[a-z0-9]{1,8})")
_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError, struct.error)
_HARMFUL = "which is how harmful files are made; export the project anew."


def write_project_zip(out: Path, document: Mapping[str, Any], blobs: Mapping[str, Path]) -> None:
    """`document` as JSON and every blob by its key. The same project gives the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        about = _part(DOCUMENT)
        about.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(about, json.dumps({"format": FORMAT, "version": VERSION, **document}, ensure_ascii=False, sort_keys=True, indent=1))
        for key in sorted(blobs):
            with blobs[key].open("rb") as source, archive.open(_part(f"blobs/{key}"), "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK_BYTES):
                    target.write(chunk)


def _part(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


class ProjectZip:
    """An archive that was looked at and may be read. `sizes`: bytes of each blob by key."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        self._parts = _checked(archive.infolist(), name)
        self.sizes = {key: part.file_size for key, part in self._parts.items() if key != DOCUMENT}

    def document(self) -> dict[str, Any]:
        """What `write_project_zip` was given, as plain values of whoever made the file."""
        data = b"".join(self._bytes(DOCUMENT))
        try:
            plain = json.loads(data, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BadArchive(self._name, "its project.json is no JSON that can be read; export the project anew.") from error
        if not isinstance(plain, dict) or plain.pop("format", None) != FORMAT:
            raise BadArchive(self._name, "its project.json is not a project of this studio.")
        version = plain.pop("version", None)
        if version != VERSION:
            raise BadArchive(self._name, f"it is of version {str(version)[:20]}, and this studio reads {VERSION}; export it from a studio as old as this one.")
        return plain

    def copy(self, key: str, target: IO[bytes]) -> None:
        """The blob's bytes into `target`. Raises BadArchive unless they are what its name says."""
        digest = hashlib.sha256()
        for chunk in self._bytes(key):
            digest.update(chunk)
            target.write(chunk)
        if digest.hexdigest() != key[:64]:
            raise BadArchive(self._name, f"its part {key[:12]}… is not what its name says: it was damaged or changed. Export the project anew.")

    def _bytes(self, key: str) -> Iterator[bytes]:
        part, read = self._parts[key], 0
        try:
            with self._archive.open(part) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    read += len(chunk)
                    if read > part.file_size:
                        raise BadArchive(self._name, f"a part of it is longer than it says, {_HARMFUL}")
                    yield chunk
        except _DAMAGED as error:
            raise BadArchive(self._name, f"its part {part.filename[:24]}… is damaged ({type(error).__name__}); export the project anew.") from error


@contextmanager
def open_project_zip(path: Path, name: str) -> Iterator[ProjectZip]:
    """Look at the archive at `path`, which the person calls `name`. Raises BadArchive."""
    _check_directory(path, name)
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise BadArchive(name, f"it is no ZIP archive that can be opened ({type(error).__name__}); export the project anew.") from error
    with archive:
        yield ProjectZip(archive, name)


def _checked(parts: list[zipfile.ZipInfo], name: str) -> dict[str, zipfile.ZipInfo]:
    """The parts by blob key, and the document by its own name."""
    found: dict[str, zipfile.ZipInfo] = {}
    for part in parts:
        blob = _BLOB.fullmatch(part.filename)
        key = blob[1] if blob is not None else part.filename
        if blob is None and key != DOCUMENT:
            raise BadArchive(name, f"it holds “{key[:60]}”, which is no part of a project; choose a ZIP that a studio exported.")
        if key in found:
            raise BadArchive(name, f"it holds two parts of the same name, {_HARMFUL}")
        if part.flag_bits & 0x1:
            raise BadArchive(name, "it is encrypted; export the project anew, without a password.")
        if key != DOCUMENT and part.compress_type != zipfile.ZIP_STORED:
            raise BadArchive(name, f"its media are packed, {_HARMFUL}")
        found[key] = part
    if DOCUMENT not in found:
        raise BadArchive(name, "it holds no project.json; choose a ZIP that a studio exported.")
    if found[DOCUMENT].file_size > MAX_DOCUMENT_BYTES:
        raise BadArchive(name, f"its project.json would unpack to {found[DOCUMENT].file_size / 2**20:,.0f} MiB, {_HARMFUL}")
    return found


def _check_directory(path: Path, name: str) -> None:
    """How long the list of parts is, before it is read into memory. Layout: APPNOTE.TXT of PKWARE, 4.3.14–16."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 65_557))
            tail = file.read()
            at = tail.rfind(_END)
            if not tail or at < 0 or len(tail) - at < 22:
                raise BadArchive(name, "it is no ZIP archive, or one that broke off; choose a ZIP that a studio exported.")
            count, length = struct.unpack_from("<HI", tail, at + 10)
            if tail[max(0, at - 20) : at][:4] == _LOCATOR:
                place = size - len(tail) + at - 76  # right before its locator: `zipfile` reads it there, wherever the locator points
                file.seek(max(0, place))
                end = file.read(56)
                if place < 0 or end[:4] != _END64 or place != struct.unpack_from("<Q", tail, at - 12)[0]:
                    raise BadArchive(name, "its list of parts is damaged; export the project anew.")
                count, length = struct.unpack_from("<QQ", end, 32)
    except (OSError, ValueError) as error:
        raise BadArchive(name, f"it cannot be read ({error}).") from error
    if count > MAX_PARTS or length > MAX_DIRECTORY_BYTES:
        raise BadArchive(name, f"it claims {count:,} parts, {_HARMFUL}")


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number that JSON knows")
