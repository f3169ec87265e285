"""Passwords as they are kept: scrypt with a salt of its own, as `scrypt$n$r$p$salt$hash` with salt and hash in hex.

Enter: a password, or a kept text. Leaves: a `PasswordHash`, which says yes or no. Raises BadSetting for what cannot be a password or a hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

from studio.domain.errors import BadSetting

MAX_MEMORY_BYTES = 256 * 2**20
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 8, 1024
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

    @classmethod
    def of(cls, password: str, cost: ScryptCost) -> PasswordHash:
        """With a fresh salt. Raises BadSetting for a password that is too short or endless."""
        if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
            raise BadSetting(f"A password needs {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters; choose another.")
        salt = secrets.token_bytes(16)
        return cls(cost, salt, _digest(password, salt, cost))

    @classmethod
    def read(cls, encoded: str, place: str) -> PasswordHash:
        """`place` begins the sentence of what is wrong with a text that is no hash."""
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
        return cls(cost, salt, digest)

    def __str__(self) -> str:
        cost = self.cost
        return f"scrypt${cost.n}${cost.r}${cost.p}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, password: str) -> bool:
        """Takes as long for a wrong password as for the right one."""
        is_right = hmac.compare_digest(_digest(password[:MAX_PASSWORD_CHARS], self.salt, self.cost), self.digest)
        return is_right and len(password) <= MAX_PASSWORD_CHARS


def nobodys(cost: ScryptCost) -> PasswordHash:
    """What a name without a password is checked against, so that the answer takes as long as for one that has one. Nothing matches it."""
    return PasswordHash(cost, secrets.token_bytes(16), secrets.token_bytes(_HASH_BYTES))


def _digest(password: str, salt: bytes, cost: ScryptCost) -> bytes:
    # NFKC: the same keys give the same bytes on every keyboard and system.
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    room = cost.memory_bytes + 128 * cost.r * (cost.p + 2) + 2**20
    return hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=room, dklen=_HASH_BYTES)
