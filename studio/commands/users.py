"""`python -m studio users add|passwd|disable|enable|role|list|hand-over|import`: accounts of a studio that several people use.

Flags in; a sentence or a table out. Passwords are asked for, or read from a pipe; they are no flags, which every process list would show.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.domain.errors import BadSetting
from studio.domain.rights import LOCAL_USER, Role

if TYPE_CHECKING:
    from studio.domain.account import Account
    from studio.service import Studio

users = typer.Typer(help="Accounts: who may log in, and as what. The first one makes `serve` ask for a login.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Account name.")]
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")]
RoleArgument = Annotated[Role, typer.Argument(help="admin runs the studio; editor makes projects; reviewer reads and writes notes; guest sees the demo.")]


@users.command("add")
def add_user(
    name: NameArgument,
    role: Annotated[Role, typer.Option("--role", help="admin, editor, reviewer or guest.")] = Role.EDITOR,
    sign_on: Annotated[bool, typer.Option("--sign-on", help="Without a password: for who comes in by single sign-on only.")] = False,
    home: HomeOption = None,
) -> None:
    """Add an account. Its password is asked for, or read from a pipe."""
    with _opened(home, may_begin=True) as studio:
        is_first = not any(account.has_password for account in studio.accounts())
        made = studio.add_account(name, role, None if sign_on else _password(name))
        print(f"{made.name} can log in as {_with_article(made.role)}.")
        if is_first and made.role is not Role.ADMIN and not sign_on:
            print("Nobody is an administrator yet; `users role NAME admin` makes one.", file=sys.stderr)
        mine = len(studio.projects())
        if is_first and mine:
            told = f"{mine} project{'s' if mine > 1 else ''} made here without logging in belong{'' if mine > 1 else 's'} to “{LOCAL_USER}”"
            print(f"{told}; `users hand-over {LOCAL_USER} {made.name}` gives them to {made.name}.", file=sys.stderr)


@users.command("passwd")
def set_password(name: NameArgument, home: HomeOption = None) -> None:
    """Give an account a new password; who is logged in with the old one is out."""
    with _opened(home) as studio:
        studio.give_password(name, _password(name))
    print(f"{name} has a new password, and is logged out everywhere.")


@users.command("disable")
def disable_user(name: NameArgument, home: HomeOption = None) -> None:
    """Switch an account off: out within seconds, and not in again. Projects stay."""
    with _opened(home) as studio:
        studio.disable_account(name)
    print(f"{name} is switched off; what they made stays, and `users hand-over {name} OTHER` gives it to somebody else.")


@users.command("enable")
def enable_user(name: NameArgument, home: HomeOption = None) -> None:
    """Switch an account on again."""
    with _opened(home) as studio:
        studio.enable_account(name)
    print(f"{name} can log in again.")


@users.command("role")
def set_role(name: NameArgument, role: RoleArgument, home: HomeOption = None) -> None:
    """Give an account another role; it has to log in again."""
    with _opened(home) as studio:
        changed = studio.set_role(name, role)
    print(f"{changed.name} is {_with_article(changed.role)} now.")


@users.command("list")
def list_users(home: HomeOption = None) -> None:
    """Every account: role, state, when last seen."""
    with _opened(home) as studio:
        for account in studio.accounts():
            seen = "" if account.seen_at is None else f"seen {account.seen_at[:16].replace('T', ' ')} UTC"
            print(f"{account.name:24s} {account.role:9s} {_state(account):22s} {seen}".rstrip())


@users.command("hand-over")
def hand_over(
    name: Annotated[str, typer.Argument(help=f"Whose projects; “{LOCAL_USER}” for those made without logging in.")],
    to: Annotated[str, typer.Argument(help="Whose they shall be.")],
    home: HomeOption = None,
) -> None:
    """Give somebody's projects and shows to another account."""
    with _opened(home) as studio:
        count = studio.give_projects(name, to)
    print(f"{count} project{'' if count == 1 else 's'} of {name} belong{'s' if count == 1 else ''} to {to} now.")


@users.command("import")
def import_users(file: Annotated[Path, typer.Argument(help="A users file of an earlier release.")], home: HomeOption = None) -> None:
    """Take over accounts from a users file, as editors; accounts that are there already stay as they are."""
    with _opened(home, may_begin=True) as studio:
        names = studio.import_accounts(file)
    print(f"Taken over: {', '.join(names) if names else 'nobody, all of them are here already'}.")


@contextmanager
def _opened(home: Path | None, *, may_begin: bool = False) -> Iterator[Studio]:
    """`may_begin`: a studio that is not there yet is made; else it is a slip in the address."""
    from studio.bootstrap import default_place, open_studio
    from studio.store.dumps import require_studio

    place = default_place(home)
    if not may_begin:
        require_studio(place.database_url)
    studio = open_studio(place)
    try:
        yield studio
    finally:
        studio.close()


def _password(name: str) -> str:
    """Asked for twice on a terminal; the first line of whatever is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != first:
        raise BadSetting("The two are not the same; nothing was changed. Try again.")
    return first


def _state(account: Account) -> str:
    if account.disabled_at is not None:
        return "switched off"
    return "" if account.has_password else "at the machine" if account.name == LOCAL_USER else "no password"


def _with_article(role: Role) -> str:
    return f"an {role}" if role[0] in "ae" else f"a {role}"
