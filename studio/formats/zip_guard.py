"""A look into an uploaded archive before anything opens it: how much it would unpack to, and whether its XML declares entities."""

from __future__ import annotations

import io
import zipfile
import zlib

from studio.domain.errors import BadSubtitles

MAX_PARTS = 2_000
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_PART_BYTES = 128 * 2**20
_CHUNK_BYTES = 2**20
_OVERLAP_BYTES = 32
_DECLARED = tuple(mark.encode(codec) for mark in ("<!DOCTYPE", "<!ENTITY") for codec in ("utf-8", "utf-16-le", "utf-16-be"))


def parts_of(data: bytes) -> frozenset[str] | None:
    """Names of the files in a ZIP archive, None when it is none."""
    if not data.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist()[: 10 * MAX_PARTS])
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None


def refuse_harmful(data: bytes, name: str) -> None:
    """Raises BadSubtitles for an archive that unpacks to too much, is encrypted or damaged, or whose XML declares a document type."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES or any(part.file_size > MAX_PART_BYTES for part in parts):
                raise BadSubtitles(name, "it would unpack to far more than a script needs, which is how harmful files are made; save it anew.")
            if len({part.filename for part in parts}) != len(parts):
                raise BadSubtitles(name, "it holds two parts of the same name, which is how harmful files are made; save it anew.")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _refuse_declarations(archive, part, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise BadSubtitles(name, "it is encrypted or damaged and cannot be opened; save it anew without a password.") from error


def _refuse_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    read, held = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            read += len(chunk)
            if read > MAX_PART_BYTES:
                raise BadSubtitles(name, "one of its parts is longer than it says, which is how harmful files are made; save it anew.")
            upper = (held + chunk).upper()
            if any(mark in upper for mark in _DECLARED):
                raise BadSubtitles(name, "its XML declares a document type or entities, which workbooks do not need and may harm; save it anew.")
            held = chunk[-_OVERLAP_BYTES:]
