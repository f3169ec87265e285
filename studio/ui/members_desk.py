"""What the sharing dialog asks about the people of a project. One part of `Desk`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.domain.account import Member
from studio.domain.errors import BadSetting
from studio.domain.rights import LOCAL_USER, PROJECT_ROLES, Right, Role
from studio.service import Studio


@dataclass(frozen=True, slots=True)
class MembersView:
    """`can_share`: people log in here and this one may share the project; `can_link`: and may show it to people outside. `roles`: as what."""

    owner: str
    members: tuple[Member, ...]
    can_share: bool
    can_link: bool
    roles: tuple[Role, ...] = PROJECT_ROLES


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of the project's trail, for those who may share it; `subject`: with whom, or which kind of file."""

    at: str
    user: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True)
class TrailView:
    deeds: tuple[Deed, ...]


class MembersDesk:
    _studio: Studio
    _project_id: str

    def members(self) -> MembersView:
        owner, held = self._studio.project(self._project_id).project.owner, self._studio.rights(self._project_id)
        can_share = Right.SHARE in held and self._studio.user != LOCAL_USER
        return MembersView(owner, self._studio.members(self._project_id), can_share, Right.EXPORT in held)

    def add_member(self, name: str, role: Role = Role.EDITOR) -> MembersView:
        """Also gives somebody who has the project already another role."""
        if role not in PROJECT_ROLES:
            raise BadSetting("A project is shared with an editor or with a reviewer.")
        self._studio.add_member(self._project_id, name, Role(role))
        return self.members()

    def remove_member(self, name: str) -> MembersView:
        self._studio.remove_member(self._project_id, name)
        return self.members()

    def trail(self) -> TrailView:
        """Who shared, exported or changed the project as a whole, newest first."""
        return TrailView(tuple(Deed(one.at, one.user, one.action, one.subject) for one in self._studio.project_trail(self._project_id)))


MEMBERS_CALLS: dict[str, Callable[..., Any]] = {
    "members": MembersDesk.members,
    "add_member": MembersDesk.add_member,
    "remove_member": MembersDesk.remove_member,
    "trail": MembersDesk.trail,
}
