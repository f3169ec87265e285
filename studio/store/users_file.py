"""The users file of earlier releases, to be taken over into the database: one `NAME:scrypt$n$r$p$salt$hash` per line.

Enter: its path. Leave: names and hashes; blank lines and lines with # are skipped. Raises BadSetting with the line that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from studio.domain.account import new_account_name
from studio.domain.errors import BadSetting
from studio.store.passwords import PasswordHash


def read_users_file(path: Path) -> dict[str, PasswordHash]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSetting(f"The users file {path} cannot be read ({error.strerror}); check its path.") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"The users file {path} is not UTF-8 text; save it as UTF-8.") from error
    hashes: dict[str, PasswordHash] = {}
    for place, name, encoded in _entries(text, path.name):
        if name in hashes:
            raise BadSetting(f"{place} names “{name}” a second time; keep one of the two lines.")
        hashes[name] = PasswordHash.read(encoded, place)
    if not hashes:
        raise BadSetting(f"The users file {path} names nobody, so there is nothing to take over.")
    return hashes


def _entries(text: str, file_name: str) -> Iterator[tuple[str, str, str]]:
    """(place for a sentence, name, encoded hash) of each line that holds a user."""
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        place = f"Line {number} of {file_name}"
        name, colon, encoded = entry.partition(":")
        if not colon:
            raise BadSetting(f"{place} has no colon; write NAME:scrypt$n$r$p$salt$hash.")
        try:
            yield place, new_account_name(name), encoded.strip()
        except BadSetting as error:
            raise BadSetting(f"{place} has a name that cannot be used. {error}") from error
