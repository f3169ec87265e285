"""The file named by --users: one `NAME:scrypt$n$r$p$salt$hash` per line, salt and hash in hex. Names and passwords in,
yes or no out; how long the answer takes tells nothing about which names exist. Blank lines and lines with # are skipped.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import BadSetting

MAX_MEMORY_BYTES = 256 * 2**20
MAX_PASSWORD_CHARS = 1024
_NAME = re.compile(r"[\w.@+-]{1,64}")
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """Work of one check: `n` a power of two, memory 128·n·r bytes."""

    n: int = 2**15
    r: int = 8
    p: int = 3

    @property
    def memory_bytes(self) -> int:
        return 128 * self.n * self.r

    @property
    def is_sane(self) -> bool:
        is_power = self.n > 1 and self.n & (self.n - 1) == 0
        return is_power and 1 <= self.r <= 64 and 1 <= self.p <= 16 and self.memory_bytes <= MAX_MEMORY_BYTES


@dataclass(frozen=True, slots=True)
class PasswordHash:
    cost: ScryptCost
    salt: bytes
    digest: bytes

    def __str__(self) -> str:
        cost = self.cost
        return f"scrypt${cost.n}${cost.r}${cost.p}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, password: str) -> bool:
        return hmac.compare_digest(_digest(password, self.salt, self.cost), self.digest)


@dataclass(frozen=True, slots=True)
class UserFile:
    """The users of one studio. `read` raises BadSetting with the line that is wrong."""

    hashes: dict[str, PasswordHash]

    @classmethod
    def read(cls, path: Path) -> UserFile:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise BadSetting(f"The users file {path} cannot be read ({error.strerror}); check the path given to --users.") from error
        except UnicodeDecodeError as error:
            raise BadSetting(f"The users file {path} is not UTF-8 text; save it as UTF-8.") from error
        hashes: dict[str, PasswordHash] = {}
        for place, name, encoded in _entries(text, path.name):
            if name in hashes:
                raise BadSetting(f"{place} names “{name}” a second time; keep one of the two lines.")
            hashes[name] = _parsed(encoded, place)
        if not hashes:
            raise BadSetting(f"The users file {path} names nobody, so nobody could log in; add a line NAME:scrypt$n$r$p$salt$hash.")
        return cls(hashes)

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the password of this user. An unknown name costs the same work as a known one."""
        known = self.hashes.get(unicodedata.normalize("NFC", name))
        stand_in = next(iter(self.hashes.values()))
        is_right = (stand_in if known is None else known).matches(password[:MAX_PASSWORD_CHARS])
        return is_right and known is not None and len(password) <= MAX_PASSWORD_CHARS

    def names(self) -> tuple[str, ...]:
        return tuple(self.hashes)


def hash_password(password: str, cost: ScryptCost | None = None) -> str:
    """The part after NAME: of a line in the users file, with a fresh salt. Raises BadSetting for an empty or endless one."""
    if not 1 <= len(password) <= MAX_PASSWORD_CHARS:
        raise BadSetting(f"A password needs 1 to {MAX_PASSWORD_CHARS} characters; choose another.")
    chosen = ScryptCost() if cost is None else cost
    salt = secrets.token_bytes(16)
    return str(PasswordHash(chosen, salt, _digest(password, salt, chosen)))


def put_user(path: Path, name: str, password: str) -> None:
    """Add a user to a users file, or give one a new password. The file is made if need be, readable by its owner only."""
    name = unicodedata.normalize("NFC", name.strip())
    if not _NAME.fullmatch(name):
        raise BadSetting(f"“{name}” cannot be a user's name; take 1 to 64 letters, digits or . _ @ + - without spaces.")
    kept = UserFile.read(path).hashes if path.exists() else {}
    lines = [f"{other}:{known}" for other, known in kept.items() if other != name]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, f"{name}:{hash_password(password)}"]) + "\n")
        os.replace(draft, path)
    except OSError as error:
        raise BadSetting(f"The users file {path} cannot be written ({error.strerror}); choose another place.") from error
    finally:
        draft.unlink(missing_ok=True)


def _digest(password: str, salt: bytes, cost: ScryptCost) -> bytes:
    # NFKC: the same keys give the same bytes on every keyboard and system.
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    room = cost.memory_bytes + 128 * cost.r * (cost.p + 2) + 2**20
    return hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=room, dklen=_HASH_BYTES)


def _entries(text: str, file_name: str) -> Iterator[tuple[str, str, str]]:
    """(place for a sentence, name, encoded hash) of each line that holds a user."""
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        place = f"Line {number} of {file_name}"
        name, colon, encoded = entry.partition(":")
        name = unicodedata.normalize("NFC", name.strip())
        if not colon:
            raise BadSetting(f"{place} has no colon; write NAME:scrypt$n$r$p$salt$hash.")
        if not _NAME.fullmatch(name):
            raise BadSetting(f"{place} has a name that cannot be used; take 1 to 64 letters, digits or . _ @ + - without spaces.")
        yield place, name, encoded.strip()


def _parsed(encoded: str, place: str) -> PasswordHash:
    parts = encoded.split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        raise BadSetting(f"{place} holds no scrypt hash; write NAME:scrypt$n$r$p$salt$hash, never a plain password.")
    try:
        cost = ScryptCost(*(int(part) for part in parts[1:4]))
        salt, digest = bytes.fromhex(parts[4]), bytes.fromhex(parts[5])
    except ValueError as error:
        raise BadSetting(f"{place} has a hash that cannot be read; n, r and p are numbers, salt and hash are hex digits.") from error
    if not cost.is_sane:
        raise BadSetting(f"{place} asks for impossible work; n must be a power of two, and 128·n·r at most {MAX_MEMORY_BYTES} bytes.")
    if len(salt) < 8 or len(digest) != _HASH_BYTES:
        raise BadSetting(f"{place} has a salt or hash of the wrong length; make the line again.")
    return PasswordHash(cost, salt, digest)
