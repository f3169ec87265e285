"""How much room each person's projects take, and how much they may: `QuotaStore` is the class to use.

Enter: a user's name. Leaves: a `Room`. What counts is every stored file that a project they own names, each once, deleted projects in the bin
included; files of projects that are only shared with them count for the owner.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Engine, func, select, union, update

from studio.domain.errors import NotFound
from studio.domain.rights import LOCAL_USER
from studio.domain.upload import Room
from studio.store.blobs import BlobStore
from studio.store.database import reading, writing
from studio.store.keeping import KeepingStore
from studio.store.named import column_keys, written_keys
from studio.store.schema import BLOB_SIZES, PROJECTS, USERS
from studio.store.uploads import coming_bytes
from studio.store.upsert import add_rows

_BATCH = 10_000


class QuotaStore:
    def __init__(self, engine: Engine, blobs: BlobStore, keeping: KeepingStore) -> None:
        self._engine, self._blobs, self._keeping = engine, blobs, keeping

    def room(self, user: str) -> Room:
        """How a person's room stands. Sizes nobody has asked for yet are measured, and kept for the next time."""
        mine, binned = PROJECTS.c.owner == user, PROJECTS.c.deleted_at.is_not(None)
        with reading(self._engine) as connection:  # what is coming first: a file that moves on meanwhile counts twice rather than not at all
            has_bin = connection.execute(select(PROJECTS.c.id).where(mine & binned).limit(1)).first() is not None
            coming, quota = coming_bytes(connection, user), self._quota(connection, user)
        used_bytes = self._size(mine)
        return Room(used_bytes, used_bytes - self._size(mine & ~binned) if has_bin else 0, coming, quota)

    def is_bounded(self, user: str) -> bool:
        """Whether anything but the disk is this person's limit."""
        with reading(self._engine) as connection:
            return self._quota(connection, user) is not None

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

    def _size(self, of: ColumnElement[bool]) -> int:
        """The size of all that rows of those projects name, each file once. The database adds up what it knows; only what nobody has measured
        yet is looked at one by one."""
        with reading(self._engine) as connection:
            written = sorted(written_keys(connection, of))
            batches = (written[start : start + _BATCH] for start in range(0, len(written), _BATCH))
            arms = [select(BLOB_SIZES.c.key).where(BLOB_SIZES.c.key.in_(batch)) for batch in batches]
            known_too = {key for arm in arms for key in connection.execute(arm).scalars()}
            keys = union(*column_keys(of).selects, *arms).subquery()
            sized = select(func.coalesce(func.sum(BLOB_SIZES.c.size_bytes), 0), func.count(keys.c.key), func.count(BLOB_SIZES.c.key))
            joined = keys.outerjoin(BLOB_SIZES, BLOB_SIZES.c.key == keys.c.key)
            total, count, known = connection.execute(sized.select_from(joined)).one()
            unknown = set(written) - known_too
            if count > known:
                unknown |= set(connection.execute(select(keys.c.key).select_from(joined).where(BLOB_SIZES.c.key.is_(None), keys.c.key.is_not(None))).scalars())
        return int(total) + sum(self._measured(unknown).values())

    def _measured(self, keys: set[str]) -> dict[str, int]:
        """Sizes from the disk, kept. What has gone from it takes no room, and is asked for again."""
        sizes = {key: self._blobs.size_bytes(key) for key in keys if self._blobs.exists(key)}
        if sizes:
            with writing(self._engine) as connection:
                add_rows(connection, BLOB_SIZES, [{"key": key, "size_bytes": size} for key, size in sorted(sizes.items())])
        return sizes
