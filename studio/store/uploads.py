"""Files on their way in, piece by piece: `UploadStore` is the class to use.

Enter: what is to come, then its bytes in order. Leaves: an `Upload` that tells how far it is, and at last a blob, by a rename. What a row says is
received is on the disk and synced, so neither a lost connection nor a killed server loses it; bytes beyond that are cut off when it goes on.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.disk import is_full, room_told
from studio.domain.errors import BadSetting, NotFound, OutOfSpace
from studio.domain.upload import NewUpload, Purpose, Upload, UploadBusy, WrongOffset
from studio.store.blobs import RESERVE_BYTES, SUFFIXES, BlobStore
from studio.store.database import new_id, reading, utc_now, writing
from studio.store.projects import ensure_user, hold_people
from studio.store.schema import PROJECTS, UPLOADS
from studio.store.text import storable

if TYPE_CHECKING:
    from hashlib import _Hash

KNOWN_HASHES = 64
Admit = Callable[[Connection], None]


class Receiver:
    """Takes the bytes that follow what is here. `write` may run in any thread, one call at a time; nothing counts before the block is left."""

    def __init__(self, upload: Upload, file: BinaryIO, digest: _Hash | None) -> None:
        self.upload, self.at_bytes = upload, upload.received_bytes
        self._file, self.digest = file, digest

    @property
    def left_bytes(self) -> int:
        return self.upload.size_bytes - self.at_bytes

    def write(self, data: bytes) -> None:
        """Raises BadSetting for more than was announced, OutOfSpace where the disk is full; what was written before stays."""
        if len(data) > self.left_bytes:
            raise BadSetting(f"More came of “{self.upload.name}” than the {self.upload.size_bytes} bytes it was said to have; send it anew.")
        if shutil.disk_usage(os.path.dirname(self._file.name)).free < len(data) + RESERVE_BYTES:
            raise OutOfSpace(os.path.dirname(self._file.name))
        self._file.write(data)
        self.at_bytes += len(data)
        if self.digest is not None:
            self.digest.update(data)


class UploadStore:
    """The uploads table and the folder of parts beside the blobs; safe to use from several threads and processes."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self._engine, self._blobs, self._folder = engine, blobs, blobs.parts
        self._digests: OrderedDict[str, tuple[int, _Hash]] = OrderedDict()  # of the bytes received here so far, to save reading them again
        self._lock = threading.Lock()

    def begin(self, new: NewUpload, *, max_open: int, admit: Admit, payer: str | None = None) -> Upload:
        """Make room for a file, at the expense of `payer` (None: who sends it). `admit` is called within the transaction, one at a time for each
        payer, and may refuse. Raises BadSetting for one file too many, OutOfSpace where the disk would not hold it and all that is on its way."""
        now, key = utc_now(), new_id()
        with writing(self._engine) as connection:
            ensure_user(connection, new.owner)
            hold_people(connection, new.owner, new.owner if payer is None else payer)
            count = connection.execute(select(func.count()).where(UPLOADS.c.owner == new.owner)).scalar_one()
            if count >= max_open:
                raise BadSetting(f"{count} files of yours are on their way already; let one of them arrive, or take one back, before you send “{new.name}”.")
            admit(connection)
            coming = connection.execute(select(func.coalesce(func.sum(UPLOADS.c.size_bytes - UPLOADS.c.received_bytes), 0))).scalar_one()
            self._blobs.require_space(int(coming) + new.size_bytes)
            values = {"id": key, "owner": new.owner, "project_id": new.project_id, "purpose": new.purpose.value}
            named = {"name": storable(new.name, "A file's name"), "size_bytes": new.size_bytes, "received_bytes": 0}
            connection.execute(insert(UPLOADS).values(**values, **named, created_at=now, touched_at=now))
        return self.get(key, new.owner)

    def get(self, upload_id: str, owner: str) -> Upload:
        """Raises NotFound for one that is not there, or not theirs."""
        with reading(self._engine) as connection:
            row = connection.execute(select(UPLOADS).where(UPLOADS.c.id == upload_id, UPLOADS.c.owner == owner)).first()
        if row is None:
            raise NotFound("upload", upload_id[:64])
        return _upload(row)

    def list(self, owner: str) -> tuple[Upload, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(UPLOADS).where(UPLOADS.c.owner == owner).order_by(UPLOADS.c.seq))
            return tuple(_upload(row) for row in rows)

    def join(self, upload_id: str, owner: str, project_id: str, *, admit: Admit | None = None, payer: str | None = None) -> Upload:
        """The file belongs to that project from now on, unless it belongs to one already; then it stays there. `admit` and `payer`: as in `begin`,
        where the project is somebody else's."""
        free = (UPLOADS.c.id == upload_id) & (UPLOADS.c.owner == owner) & UPLOADS.c.project_id.is_(None)
        with writing(self._engine) as connection:
            if admit is not None:
                hold_people(connection, owner if payer is None else payer)
                if connection.execute(select(UPLOADS.c.id).where(free)).first() is not None:
                    admit(connection)
            connection.execute(update(UPLOADS).where(free).values(project_id=project_id))
        return self.get(upload_id, owner)

    @contextmanager
    def receive(self, upload_id: str, owner: str, at_bytes: int) -> Iterator[Receiver]:
        """Write what follows byte `at_bytes`. However the block ends, what came is kept and synced, and the row says so.

        Raises NotFound, UploadBusy while another connection sends it, WrongOffset where that is not where it stands."""
        with self._held(upload_id, owner) as (upload, file):
            if at_bytes != upload.received_bytes:
                raise WrongOffset(upload.name, upload.received_bytes)
            file.truncate(upload.received_bytes)
            file.seek(upload.received_bytes)
            receiver = Receiver(upload, file, self._digest(upload))
            try:
                with room_told(self._folder):
                    yield receiver
            finally:
                self._keep(receiver, file)

    def part(self, upload: Upload) -> Path:
        """Where its bytes lie until it is whole and in its place."""
        return self._folder / f"{upload.id}.part"

    def store(self, upload: Upload) -> str:
        """The blob of a whole file, by a rename; the same again where that was broken off. Raises UploadBusy, BadSetting for a part of a file."""
        with self._held(upload.id, upload.owner) as (now, _):
            if not now.is_whole:
                raise BadSetting(f"“{now.name}” is not here as a whole yet; send the rest of it first.")
            if now.blob is not None and self._blobs.exists(now.blob):
                return now.blob
            path = self.part(now)
            key = f"{self._known(now) or _hashed(path)}{_suffix(now.name)}"
            self._set(now.id, blob=key)  # before the rename: a file that was moved can always be found
            return self._blobs.adopt(path, key)

    def forget(self, upload: Upload) -> None:
        """It is where it belongs, or is not wanted any more."""
        with writing(self._engine) as connection:
            connection.execute(delete(UPLOADS).where(UPLOADS.c.id == upload.id))
        self.part(upload).unlink(missing_ok=True)
        with self._lock:
            self._digests.pop(upload.id, None)

    def stale(self, days: int) -> tuple[Upload, ...]:
        """Those that nobody has gone on with for so long."""
        before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        with reading(self._engine) as connection:
            rows = connection.execute(select(UPLOADS).where(UPLOADS.c.touched_at < before).order_by(UPLOADS.c.seq))
            return tuple(_upload(row) for row in rows)

    def orphans(self, before_s: float) -> tuple[Path, ...]:
        """Parts without a row, from before a time in seconds since 1970."""
        with reading(self._engine) as connection:
            known = set(connection.execute(select(UPLOADS.c.id)).scalars())
        return tuple(path for path in self._folder.glob("*.part") if path.stem not in known and path.stat().st_mtime < before_s)

    # within

    @contextmanager
    def _held(self, upload_id: str, owner: str) -> Iterator[tuple[Upload, BinaryIO]]:
        """The upload and its part, for one connection at a time, whichever server it came to."""
        upload = self.get(upload_id, owner)
        with room_told(self._folder), self.part(upload).open("ab+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UploadBusy(upload.name) from error
            yield self._mended(self.get(upload_id, owner), file), file

    def _mended(self, upload: Upload, file: BinaryIO) -> Upload:
        """The upload as its part really is: a part that is shorter than its row (another disk, a restored backup) is believed."""
        size_bytes = os.fstat(file.fileno()).st_size
        if upload.blob is not None or size_bytes >= upload.received_bytes:
            return upload
        self._set(upload.id, received_bytes=size_bytes)
        return self.get(upload.id, upload.owner)

    def _keep(self, receiver: Receiver, file: BinaryIO) -> None:
        """Everything that came, on the disk for good."""
        try:
            file.flush()
        except OSError as error:  # the disk is full: what does not fit is sent again
            if not is_full(error):
                raise
            receiver.digest = None
            receiver.at_bytes = min(receiver.at_bytes, os.fstat(file.fileno()).st_size)
        os.fsync(file.fileno())
        if receiver.at_bytes != receiver.upload.received_bytes or not receiver.upload.size_bytes:
            self._set(receiver.upload.id, received_bytes=receiver.at_bytes)
        if receiver.digest is not None:
            with self._lock:
                self._digests[receiver.upload.id] = (receiver.at_bytes, receiver.digest)
                self._digests.move_to_end(receiver.upload.id)
                while len(self._digests) > KNOWN_HASHES:
                    self._digests.popitem(last=False)

    def _digest(self, upload: Upload) -> _Hash | None:
        """The hash of what is here, to go on with; None where this process has not seen all of it."""
        if not upload.received_bytes:
            return hashlib.sha256()
        with self._lock:
            at_bytes, digest = self._digests.pop(upload.id, (0, None))
        return digest if at_bytes == upload.received_bytes else None

    def _known(self, upload: Upload) -> str | None:
        with self._lock:
            at_bytes, digest = self._digests.get(upload.id, (0, None))
        return digest.hexdigest() if digest is not None and at_bytes == upload.size_bytes else None

    def _set(self, upload_id: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(UPLOADS).where(UPLOADS.c.id == upload_id).values(touched_at=utc_now(), **values))


def coming_bytes(connection: Connection, owner: str) -> int:
    """What uploads will still bring, and have brought already, at somebody's expense: those for their projects, whoever sends them, and their
    own for no project yet. None of it is named by a project."""
    paid_by = func.coalesce(PROJECTS.c.owner, UPLOADS.c.owner)
    joined = UPLOADS.outerjoin(PROJECTS, PROJECTS.c.id == UPLOADS.c.project_id)
    query = select(func.coalesce(func.sum(UPLOADS.c.size_bytes), 0)).select_from(joined).where(paid_by == owner)
    return int(connection.execute(query).scalar_one())


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix.removeprefix(".") in SUFFIXES else ".bin"


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        row.id, row.owner, row.project_id, Purpose(row.purpose), row.name, row.size_bytes, row.received_bytes, row.blob, row.created_at, row.touched_at
    )
