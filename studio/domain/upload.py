"""Files on their way in, and the room there is for them. Enter: what a page says of a file. Leave: records and the sentences that refuse one.

A further kind of upload is a new `Purpose`, with its measure in `Purpose.max_bytes`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from studio.domain.errors import BadSetting, UserError
from studio.domain.settings import Limits

MAX_NAME_CHARS = 255


class Purpose(enum.StrEnum):
    """What a file is for."""

    MEDIA = "media"
    BED = "bed"
    SCRIPT = "script"
    TRANSLATION = "translation"

    @property
    def is_media(self) -> bool:
        return self in (Purpose.MEDIA, Purpose.BED)

    def max_bytes(self, limits: Limits) -> int:
        return limits.max_media_bytes if self.is_media else limits.max_subtitle_bytes


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file somebody is about to send. Raises BadSetting for what cannot be one. `project_id` None: it will open a project."""

    owner: str
    name: str
    size_bytes: int
    purpose: Purpose
    project_id: str | None = None

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > MAX_NAME_CHARS or self.name != file_name(self.name):
            raise BadSetting(f"A file is sent under its plain name, of 1 to {MAX_NAME_CHARS} characters.")
        if self.size_bytes < 0:
            raise BadSetting("A file's size is told in bytes.")


@dataclass(frozen=True, slots=True)
class Upload:
    """`received_bytes` are on the disk for good: a lost connection goes on from there. `blob` is set while a whole file is put in its place."""

    id: str
    owner: str
    project_id: str | None
    purpose: Purpose
    name: str
    size_bytes: int
    received_bytes: int
    blob: str | None
    created_at: str
    touched_at: str

    @property
    def is_whole(self) -> bool:
        return self.received_bytes == self.size_bytes


@dataclass(frozen=True, slots=True)
class Room:
    """What a person's projects take up. `binned_bytes`: only deleted ones name it, so that emptying the bin gives it back; `coming_bytes`:
    announced by uploads and not here yet. `quota_bytes` None: as much as the disk holds."""

    used_bytes: int
    binned_bytes: int
    coming_bytes: int
    quota_bytes: int | None

    def require(self, size_bytes: int, name: str) -> None:
        """Raises QuotaSpent where a file of this size would go beyond the quota."""
        if self.quota_bytes is not None and self.used_bytes + self.coming_bytes + size_bytes > self.quota_bytes:
            raise QuotaSpent(name, size_bytes, self)


class TooLarge(UserError):
    """A file beyond what the studio takes at all."""

    def __init__(self, name: str, size_bytes: int, max_bytes: int) -> None:
        self.name, self.size_bytes, self.max_bytes = name, size_bytes, max_bytes
        super().__init__(f"“{name}” has {in_words(size_bytes)}; the studio takes up to {in_words(max_bytes)} here. Send a smaller version of it.")


class QuotaSpent(UserError):
    """A file for which its owner has no room left."""

    def __init__(self, name: str, size_bytes: int, room: Room) -> None:
        self.name, self.size_bytes, self.room = name, size_bytes, room
        total, taken = in_words(room.quota_bytes or 0), in_words(room.used_bytes + room.coming_bytes)
        bin_too = f" Emptying the bin would free {in_words(room.binned_bytes)}." if room.binned_bytes else " Delete a project you no longer need and empty the bin."
        super().__init__(f"“{name}” has {in_words(size_bytes)}, and {taken} of your {total} are taken; nothing was sent.{bin_too}")


class UploadBusy(UserError):
    """Two connections send the same file at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"“{name}” is being sent already, perhaps from another window; wait until that one is done or closed.")


class WrongOffset(UserError):
    """A piece that does not follow what is here. `received_bytes`: where to go on."""

    def __init__(self, name: str, received_bytes: int) -> None:
        self.name, self.received_bytes = name, received_bytes
        super().__init__(f"“{name}” is here up to byte {received_bytes}; go on from there.")


def file_name(name: str) -> str:
    """The last part of a path, whatever system it came from, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()


def in_words(size_bytes: int) -> str:
    """A size as people read it: powers of 1000, as on a disk's label."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if size >= 100 or unit == "bytes" else f"{size:.1f} {unit}"
