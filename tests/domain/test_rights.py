"""Roles and what follows from them, as one table."""

from __future__ import annotations

import pytest

from studio.domain.rights import Right, Role, own_rights, rights

LOOK = {Right.READ}
REVIEW = LOOK | {Right.NOTE}
EDIT = REVIEW | {Right.EDIT, Right.RUN, Right.EXPORT}
OWN = EDIT | {Right.SHARE, Right.DELETE}


@pytest.mark.parametrize(
    ("person", "in_project", "is_owner", "wanted"),
    [
        (Role.EDITOR, None, True, OWN),
        (Role.EDITOR, Role.EDITOR, False, EDIT),
        (Role.EDITOR, Role.REVIEWER, False, REVIEW),
        (Role.EDITOR, None, False, set()),
        (Role.ADMIN, None, True, OWN),
        (Role.ADMIN, None, False, set()),
        (Role.ADMIN, Role.REVIEWER, False, REVIEW),
        (Role.REVIEWER, None, True, REVIEW),
        (Role.REVIEWER, Role.EDITOR, False, REVIEW),
        (Role.REVIEWER, Role.GUEST, False, LOOK),
        (Role.GUEST, Role.GUEST, False, LOOK),
        (Role.GUEST, Role.EDITOR, False, set()),
        (Role.GUEST, None, False, set()),
        (Role.GUEST, None, True, LOOK),
    ],
)
def test_what_a_person_may_do_with_a_project(person: Role, in_project: Role | None, is_owner: bool, wanted: set[Right]) -> None:
    assert rights(person, in_project, is_owner=is_owner) == wanted


def test_only_an_administrator_runs_the_studio_and_only_who_edits_makes_projects() -> None:
    assert [role for role in Role if Right.ADMIN in own_rights(role)] == [Role.ADMIN]
    assert [role for role in Role if Right.EDIT in own_rights(role)] == [Role.ADMIN, Role.EDITOR]
