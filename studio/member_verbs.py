"""The verbs about who works on a project: its owner, and those it is shared with. Part of `Studio`.

Members do everything on a project but delete it and share it further; finer rights are not known here.
"""

from __future__ import annotations

import re
import unicodedata

from studio.domain.errors import BadSetting
from studio.lip_verbs import LipVerbs

_NAME = re.compile(r"[\w.@+-]{1,64}")


class MemberVerbs(LipVerbs):
    def members(self, project_id: str) -> tuple[str, ...]:
        """Who works on the project beside its owner, by the names they log in with."""
        return self._shop.projects.members(self._own(project_id).id)

    def add_member(self, project_id: str, name: str) -> tuple[str, ...]:
        """Share the project with somebody. Raises BadSetting for a name nobody can log in with, and for who does not own the project."""
        clean = unicodedata.normalize("NFC", name.strip())
        if _NAME.fullmatch(clean) is None:
            raise BadSetting("Type the name this person logs in with: 1 to 64 letters, digits or any of . @ + - _, without spaces.")
        self._shop.projects.add_member(project_id, clean, by=self.user)
        return self.members(project_id)

    def remove_member(self, project_id: str, name: str) -> tuple[str, ...]:
        """Share no longer; what they did stays. Anybody may leave; then the answer is empty."""
        self._shop.projects.remove_member(project_id, name, by=self.user)
        return () if name == self.user else self.members(project_id)
