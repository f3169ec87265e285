"""The users file of earlier releases: names and hashes, and a sentence for every line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.store.passwords import PasswordHash, ScryptCost
from studio.store.users_file import read_users_file

CHEAP = ScryptCost(n=2**4, r=1, p=1)
SALT, DIGEST = "00" * 16, "11" * 32


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "users.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_and_hashes_are_read(tmp_path: Path) -> None:
    text = f"# the team\n\nada:{PasswordHash.of('lovelace', CHEAP)}\n  zoë@example.org : {PasswordHash.of('пароль 密码', CHEAP)}\r\n"
    found = read_users_file(write(tmp_path, text))
    assert list(found) == ["ada", "zoë@example.org"]
    assert found["ada"].matches("lovelace") and not found["ada"].matches("Lovelace")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ada lovelace\n", "Line 1 of users.txt has no colon"),
        ("\n# x\nada:lovelace\n", "Line 3 of users.txt holds no scrypt hash.*never a plain password"),
        (f"ada:bcrypt$16$1$1${SALT}${DIGEST}", "holds no scrypt hash"),
        (f"a b:scrypt$16$1$1${SALT}${DIGEST}", "has a name that cannot be used"),
        (f":scrypt$16$1$1${SALT}${DIGEST}", "has a name that cannot be used"),
        (f"../x:scrypt$16$1$1${SALT}${DIGEST}", "has a name that cannot be used"),
        (f"ada:scrypt$many$1$1${SALT}${DIGEST}", "cannot be read"),
        (f"ada:scrypt$16$1$1$zz${DIGEST}", "cannot be read"),
        (f"ada:scrypt$17$1$1${SALT}${DIGEST}", "impossible work"),
        (f"ada:scrypt$-16$1$1${SALT}${DIGEST}", "impossible work"),
        (f"ada:scrypt$1073741824$8$1${SALT}${DIGEST}", "impossible work"),
        (f"ada:scrypt$16$1$1$00${DIGEST}", "wrong length"),
        (f"ada:scrypt$16$1$1${SALT}$1111", "wrong length"),
        (2 * f"ada:scrypt$16$1$1${SALT}${DIGEST}\n", "Line 2 of users.txt names “ada” a second time"),
        ("# nobody yet\n", "names nobody"),
    ],
)
def test_a_line_that_is_wrong_is_a_sentence(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(BadSetting, match=part):
        read_users_file(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        read_users_file(tmp_path / "none.txt")
    (tmp_path / "utf16.txt").write_bytes("ada:x".encode("utf-16"))
    with pytest.raises(BadSetting, match="not UTF-8"):
        read_users_file(tmp_path / "utf16.txt")
