"""The users file: who may log in, and a sentence for every line that is wrong."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from studio.domain.errors import BadSetting
from studio.store.users import ScryptCost, UserFile, hash_password

CHEAP = ScryptCost(n=2**4, r=1, p=1)
SALT, DIGEST = "00" * 16, "11" * 32


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "users.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_right_password_of_a_known_name_is_let_in(tmp_path: Path) -> None:
    text = f"# the team\n\nada:{hash_password('lovelace', CHEAP)}\n  zoë@example.org : {hash_password('пароль 密码', CHEAP)}\r\n"
    users = UserFile.read(write(tmp_path, text))
    assert users.names() == ("ada", "zoë@example.org")
    assert users.verify("ada", "lovelace") and users.verify("zoë@example.org", "пароль 密码")
    for name, password in (
        ("ada", "Lovelace"),
        ("ada", ""),
        ("Ada", "lovelace"),
        ("bob", "lovelace"),
        ("", ""),
        ("ada", "lovelace" * 1000),
    ):
        assert not users.verify(name, password)


def test_accents_typed_in_two_ways_are_the_same(tmp_path: Path) -> None:
    users = UserFile.read(write(tmp_path, f"zoë:{hash_password('café', CHEAP)}\n"))
    assert users.verify("zoe\u0308", "cafe\u0301")


def test_two_hashes_of_one_password_differ_and_never_hold_it() -> None:
    one, two = hash_password("lovelace", CHEAP), hash_password("lovelace", CHEAP)
    assert one != two and "lovelace" not in one
    assert one.split("$")[:4] == ["scrypt", "16", "1", "1"]


def test_a_new_hash_costs_real_work() -> None:
    assert ScryptCost().is_sane and ScryptCost().memory_bytes == 32 * 2**20
    assert hash_password("x").startswith("scrypt$32768$8$3$")


def test_an_unknown_name_takes_as_long_as_a_known_one(tmp_path: Path) -> None:
    users = UserFile.read(write(tmp_path, f"ada:{hash_password('lovelace', ScryptCost(2**12, 8, 1))}\n"))

    def cost_s(name: str) -> float:
        started = time.thread_time()
        users.verify(name, "guess")
        return time.thread_time() - started

    known, unknown = (median(cost_s(name) for _ in range(9)) for name in ("ada", "nobody"))
    assert unknown > known / 3


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
        UserFile.read(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        UserFile.read(tmp_path / "none.txt")
    (tmp_path / "utf16.txt").write_bytes("ada:x".encode("utf-16"))
    with pytest.raises(BadSetting, match="not UTF-8"):
        UserFile.read(tmp_path / "utf16.txt")


def test_a_password_nobody_could_type_is_refused() -> None:
    for password in ("", "x" * 1025):
        with pytest.raises(BadSetting, match="1 to 1024 characters"):
            hash_password(password, CHEAP)
