"""`users`: accounts made, changed and listed from a shell, with passwords from a pipe."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from studio.cli import app
from studio.domain.errors import UserError


def run(home: Path, *arguments: str, password: str | None = None) -> Result:
    return CliRunner().invoke(app, ["users", *arguments, "--home", str(home)], input=password)


def test_the_first_account_begins_a_studio_and_later_ones_are_listed_with_their_roles(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "anna can log in as an admin." in run(home, "add", "anna", "--role", "admin", password="correct horse\n").output
    assert "bob can log in as an editor." in run(home, "add", "bob", password="another long one\n").output
    assert "bob is a reviewer now." in run(home, "role", "bob", "reviewer").output
    assert "bob is switched off" in run(home, "disable", "bob").output
    assert "0 projects of bob belong to anna now." in run(home, "hand-over", "bob", "anna").output
    listed = run(home, "list").output.splitlines()
    assert [row.split() for row in listed] == [["anna", "admin"], ["bob", "reviewer", "switched", "off"]]


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, "add", "anna", "--role", "admin", password="correct horse\n")
    for asked, password, sentence in (
        (("add", "bob"), "short\n", "8 to 1024 characters"),
        (("add", "anna"), "another long one\n", "has an account already"),
        (("disable", "anna"), None, "the last administrator"),
        (("passwd", "nobody"), "another long one\n", "no account “nobody”"),
    ):
        ran = run(home, *asked, password=password)
        assert isinstance(ran.exception, UserError) and sentence in str(ran.exception), asked
