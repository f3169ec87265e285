"""How much room each person's projects take, and how much they may: `QuotaStore` is the class to use.

Enter: a user's name. Leaves: a `Room`. What counts is every stored file that a project they own names, each once, deleted projects in the bin
included; files of projects that are only shared with them count for the owner.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, select, update

from studio.domain.errors import NotFound
from studio.domain.rights import LOCAL_USER
from studio.domain.upload import Room
from studio.store.blobs import BlobStore
from studio.store.database import reading, writing
from studio.store.keeping import KeepingStore
from studio.store.named import named_keys
from studio.store.schema import BLOB_SIZES, PROJECTS, USERS
from studio.store.uploads import coming_bytes
from studio.store.upsert import add_rows

_BATCH = 500


class QuotaStore:
    def __init__(self, engine: Engine, blobs: BlobStore, keeping: KeepingStore) -> None:
        self._engine, self._blobs, self._keeping = engine, blobs, keeping

    def room(self, user: str) -> Room:
        """How a person's room stands. Sizes nobody has asked for yet are measured, and kept for the next time."""
        mine = PROJECTS.c.owner == user
        with reading(self._engine) as connection:
            alive = named_keys(connection, mine & PROJECTS.c.deleted_at.is_(None))
            binned = named_keys(connection, mine & PROJECTS.c.deleted_at.is_not(None)) - alive
            coming, quota = coming_bytes(connection, user), self._quota(connection, user)
            sizes = _known_sizes(connection, alive | binned)
        sizes |= self._measured((alive | binned) - sizes.keys())
        binned_bytes = sum(sizes.get(key, 0) for key in binned)
        return Room(sum(sizes.get(key, 0) for key in alive) + binned_bytes, binned_bytes, coming, quota)

    def set_quota(self, user: str, quota_bytes: int | None) -> None:
        """Another measure for one person; None: the studio's own. Raises NotFound for a name without an account."""
        with writing(self._engine) as connection:
            if not connection.execute(update(USERS).where(USERS.c.name == user).values(quota_bytes=quota_bytes)).rowcount:
                raise NotFound("account", user)

    def _quota(self, connection: Connection, user: str) -> int | None:
        own = connection.execute(select(USERS.c.quota_bytes).where(USERS.c.name == user)).scalar()
        if own is not None:
            return own
        return None if user == LOCAL_USER else self._keeping.get().quota_bytes

    def _measured(self, keys: set[str]) -> dict[str, int]:
        """Sizes from the disk, kept. What has gone from it takes no room, and is asked for again."""
        sizes = {key: self._blobs.size_bytes(key) for key in keys if self._blobs.exists(key)}
        if sizes:
            with writing(self._engine) as connection:
                add_rows(connection, BLOB_SIZES, [{"key": key, "size_bytes": size} for key, size in sorted(sizes.items())])
        return sizes


def _known_sizes(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    wanted, sizes = sorted(keys), {}
    for start in range(0, len(wanted), _BATCH):
        query = select(BLOB_SIZES.c.key, BLOB_SIZES.c.size_bytes).where(BLOB_SIZES.c.key.in_(wanted[start : start + _BATCH]))
        sizes.update({row.key: row.size_bytes for row in connection.execute(query)})
    return sizes
