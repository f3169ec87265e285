"""Who may do what: a person's role in the studio, their role in a project, and the rights that follow. Plain values in and out.

A new kind of deed becomes a `Right` here; who has it is decided in `rights`, and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum

LOCAL_USER = "local"  # who works where nobody logs in: the person at the machine, its command line included
DEMO_OWNER = "the studio"  # owns the demo project that guests look at; with a blank in it, no name to log in with


class Role(StrEnum):
    """Of a person in the studio; EDITOR and REVIEWER also of a person in a project they do not own."""

    ADMIN = "admin"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    GUEST = "guest"


class Right(StrEnum):
    """ADMIN is about the studio; all others are about one project, or about having projects at all."""

    READ = "read"
    NOTE = "note"
    EDIT = "edit"
    RUN = "run"
    EXPORT = "export"
    SHARE = "share"
    DELETE = "delete"
    ADMIN = "admin"


PROJECT_ROLES = (Role.EDITOR, Role.REVIEWER)
_LOOKING = frozenset({Right.READ})
_REVIEWING = _LOOKING | {Right.NOTE}
_EDITING = _REVIEWING | {Right.EDIT, Right.RUN, Right.EXPORT}
_OWNING = _EDITING | {Right.SHARE, Right.DELETE}
# what a person of this role may do at most, whatever a project would let them
_MOST = {Role.ADMIN: _OWNING, Role.EDITOR: _OWNING, Role.REVIEWER: _REVIEWING, Role.GUEST: _LOOKING}
_IN_PROJECT = {Role.EDITOR: _EDITING, Role.REVIEWER: _REVIEWING, Role.GUEST: _LOOKING}


def rights(person: Role, in_project: Role | None, *, is_owner: bool) -> frozenset[Right]:
    """What a person may do with a project. `in_project` None: it is not shared with them; GUEST: it is the demo that everybody may see.

    An administrator runs the studio and does not read other people's projects. A guest sees the demo, whatever was shared with them.

    >>> sorted(rights(Role.EDITOR, Role.REVIEWER, is_owner=False))
    [<Right.NOTE: 'note'>, <Right.READ: 'read'>]
    """
    if is_owner:
        return _MOST[person]
    if in_project is None or (person is Role.GUEST and in_project is not Role.GUEST):
        return frozenset()
    return _MOST[person] & _IN_PROJECT.get(in_project, frozenset())


def own_rights(person: Role) -> frozenset[Right]:
    """What a person may do in the studio before any project is named: with EDIT they may make projects, with ADMIN run the studio."""
    return _MOST[person] | ({Right.ADMIN} if person is Role.ADMIN else frozenset())
