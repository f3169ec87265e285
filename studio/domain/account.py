"""Accounts: who may come into the studio, and as what. Names in; the name as it is kept, or a sentence."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from studio.domain.errors import BadSetting
from studio.domain.rights import LOCAL_USER, Role

MAX_NAME_CHARS = 64
_NAME = re.compile(rf"[\w.@+-]{{1,{MAX_NAME_CHARS}}}")


@dataclass(frozen=True, slots=True)
class Account:
    """`disabled_at` None: may come in. `has_password` False: comes in by single sign-on, or not at all. `quota_bytes` None: the studio's
    own measure. `seen_at`: when last here, None for never or long ago."""

    name: str
    role: Role
    created_at: str
    disabled_at: str | None = None
    has_password: bool = False
    quota_bytes: int | None = None
    seen_at: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody a project is shared with, and as what: editor or reviewer."""

    name: str
    role: Role


def account_name(typed: str) -> str:
    """A name as accounts bear it. Raises BadSetting for one that nobody can log in with.

    >>> account_name(" zoe\u0308 ")
    'zoë'
    """
    name = unicodedata.normalize("NFC", typed.strip())
    if _NAME.fullmatch(name) is None:
        raise BadSetting(f"“{name[:MAX_NAME_CHARS]}” cannot be a name to log in with; take 1 to {MAX_NAME_CHARS} letters, digits or any of . _ @ + - without spaces.")
    return name


def new_account_name(typed: str) -> str:
    """Like `account_name`, for an account that shall be made. Raises BadSetting for the name of who works without logging in, too."""
    name = account_name(typed)
    if name == LOCAL_USER:
        raise BadSetting(f"“{LOCAL_USER}” is whoever works at the machine itself without logging in; choose another name.")
    return name
