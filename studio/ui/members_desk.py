"""What the sharing dialog asks about the people of a project. One part of `Desk`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.domain.rights import LOCAL_USER
from studio.service import Studio


@dataclass(frozen=True, slots=True)
class MembersView:
    """`can_share`: people log in here and this one owns the project."""

    owner: str
    names: tuple[str, ...]
    can_share: bool


class MembersDesk:
    _studio: Studio
    _project_id: str

    def members(self) -> MembersView:
        owner = self._studio.project(self._project_id).project.owner
        names = self._studio.members(self._project_id)
        return MembersView(owner, names, owner == self._studio.user != LOCAL_USER)

    def add_member(self, name: str) -> MembersView:
        self._studio.add_member(self._project_id, name)
        return self.members()

    def remove_member(self, name: str) -> MembersView:
        self._studio.remove_member(self._project_id, name)
        return self.members()


MEMBERS_CALLS: dict[str, Callable[..., Any]] = {
    "members": MembersDesk.members,
    "add_member": MembersDesk.add_member,
    "remove_member": MembersDesk.remove_member,
}
