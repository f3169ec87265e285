"""The verbs about who works on a project: its owner, and those it is shared with, each as editor or reviewer. Part of `Studio`.

Enter: login names and roles. Leave: `Member` records. What each role may do is decided in `domain/rights.py`.
"""

from __future__ import annotations

from studio.domain.account import Member, account_name
from studio.domain.errors import BadSetting, Forbidden, NotFound
from studio.domain.rights import PROJECT_ROLES, Role
from studio.lip_verbs import LipVerbs


class MemberVerbs(LipVerbs):
    def members(self, project_id: str) -> tuple[Member, ...]:
        """Who works on the project beside its owner, by the names they log in with."""
        return self._shop.projects.members(self._own(project_id).id)

    def add_member(self, project_id: str, name: str, role: Role = Role.EDITOR) -> tuple[Member, ...]:
        """Share the project with somebody, or give who has it already another role. Raises BadSetting for who cannot have it, Forbidden for
        who does not own the project."""
        if role not in PROJECT_ROLES:
            raise BadSetting(f"A project is shared with an editor or with a reviewer, not with “{role}”.")
        clean = account_name(name)
        self._check_person(clean)
        self._shop.projects.add_member(project_id, clean, role, by=self.user)
        self._shop.audit.write(self.user, "project.share", project_id, clean, role=role.value)
        return self.members(project_id)

    def remove_member(self, project_id: str, name: str) -> tuple[Member, ...]:
        """Share no longer; what they did stays. Anybody may leave; then the answer is empty."""
        self._shop.projects.remove_member(project_id, name, by=self.user)
        self._shop.audit.write(self.user, "project.unshare", project_id, name)
        try:
            return self.members(project_id)
        except (NotFound, Forbidden):  # it was oneself
            return ()

    def _check_person(self, name: str) -> None:
        """Raises BadSetting for a name without an account, and for an account that could not see the project anyway."""
        try:
            account = self._shop.accounts.get(name)
        except NotFound as error:
            raise BadSetting(f"Nobody here is called “{name}”; an administrator can add them, and names are spelt as people log in.") from error
        if account.disabled_at is not None:
            raise BadSetting(f"The account “{name}” is switched off; an administrator can switch it on again.")
        if account.role is Role.GUEST:
            raise BadSetting(f"“{name}” is a guest, who sees the demo only; ask an administrator to make them a reviewer or an editor.")
