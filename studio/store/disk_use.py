"""Who holds how much of the disk, and of what kind. Enter: the database and the blobs. Leaves: bytes by owner and kind, nothing about content.

A file that two projects of one person name counts once for each kind; what projects in the bin still hold stands under "bin".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Connection, Engine, Text, cast, select

from studio.domain.errors import NotFound
from studio.store.blobs import BlobStore
from studio.store.database import reading
from studio.store.schema import BLOB_SIZES, PROJECTS, REFERENCE_VOICES, STAGE_RESULTS, TAKES, UPLOADS

KINDS = ("media", "takes", "voices", "made", "bin", "uploads")
_KEYS = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)
_BATCH_ROWS = 2000


class DiskUse:
    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self._engine, self._blobs = engine, blobs

    def by_owner(self) -> dict[str, dict[str, int]]:
        """Bytes by owner, then by kind (KINDS). "made" is what jobs made of the media: sound, peaks, faces, mixes, films."""
        held: dict[str, dict[str, set[str]]] = {}
        uploads: dict[str, int] = {}
        with reading(self._engine) as connection:
            for owner, kind, key in _named(connection):
                held.setdefault(owner, {}).setdefault(kind, set()).add(key)
            sizes = dict(connection.execute(select(BLOB_SIZES.c.key, BLOB_SIZES.c.size_bytes)).all())
            for owner, received in connection.execute(select(UPLOADS.c.owner, UPLOADS.c.received_bytes).where(UPLOADS.c.blob.is_(None))):
                uploads[owner] = uploads.get(owner, 0) + received
        used = {owner: {kind: sum(self._size(key, sizes) for key in keys) for kind, keys in kinds.items()} for owner, kinds in held.items()}
        for owner, received in uploads.items():
            used.setdefault(owner, {})["uploads"] = received
        return used

    def _size(self, key: str, sizes: dict[str, int]) -> int:
        if key not in sizes:
            sizes[key] = 0
            with suppress(NotFound):
                sizes[key] = self._blobs.size_bytes(key)
        return sizes[key]


def _named(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """(owner, kind, key) of every file that a row names."""
    owner, is_binned = PROJECTS.c.owner, PROJECTS.c.deleted_at.is_not(None)
    streaming = connection.execution_options(yield_per=_BATCH_ROWS)
    for row in streaming.execute(select(owner, is_binned, cast(PROJECTS.c.source, Text), PROJECTS.c.bed_blob)):
        for key in _KEYS.findall(f"{row[2] or ''} {row[3] or ''}"):
            yield row[0], "bin" if row[1] else "media", key
    for kind, table, columns in (("takes", TAKES, (TAKES.c.raw_blob, TAKES.c.fitted_blob)), ("voices", REFERENCE_VOICES, (REFERENCE_VOICES.c.blob,))):
        for found in streaming.execute(select(owner, is_binned, *columns).join_from(table, PROJECTS, PROJECTS.c.id == table.c.project_id)):
            for key in found[2:]:
                yield found[0], "bin" if found[1] else kind, key
    result = cast(STAGE_RESULTS.c.result, Text)
    made = select(owner, is_binned, result).join_from(STAGE_RESULTS, PROJECTS, PROJECTS.c.id == STAGE_RESULTS.c.project_id).where(result.like("%.%"))
    for row in streaming.execute(made):
        for key in _KEYS.findall(row[2] or ""):
            yield row[0], "bin" if row[1] else "made", key
