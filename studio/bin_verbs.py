"""The verbs about what was deleted, and about room. Part of `Studio`, the class to use.

Enter: ids, of the person's own bin only. Leave: records of `domain` and `store`. Everything raised is a StudioError.
"""

from __future__ import annotations

from studio.domain.project import Project
from studio.domain.rights import Right
from studio.domain.settings import Keeping
from studio.domain.upload import Room
from studio.lip_verbs import LipVerbs
from studio.store.bin import BinnedProject
from studio.store.upkeep import Freed


class BinVerbs(LipVerbs):
    def binned(self) -> tuple[BinnedProject, ...]:
        """Projects that this person owns and that were deleted, the latest first."""
        return self._shop.bin.list(self.user)

    def restore_project(self, project_id: str) -> Project:
        """Bring a deleted project back as it was, with those it was shared with."""
        self.require(Right.EDIT)
        self._shop.bin.restore(project_id, self.user)
        self._shop.audit.write(self.user, "project.restore", project_id)
        return self._own(project_id)

    def erase_project(self, project_id: str) -> None:
        """Delete a project in the bin for good."""
        self._shop.bin.erase(self.user, project_id)
        self._shop.audit.write(self.user, "project.erase", project_id)

    def empty_bin(self) -> int:
        """Delete all of it for good; returns how many projects that were."""
        count = self._shop.bin.erase(self.user)
        self._shop.audit.write(self.user, "bin.empty", subject=str(count))
        return count

    def room(self) -> Room:
        """What this person's projects take up, of what they may."""
        return self._shop.quotas.room(self.user)

    def keeping(self) -> Keeping:
        """How much may be kept how long on this studio."""
        return self._shop.keeping.get()

    def change_keeping(self, **changes: int) -> Keeping:
        """Set some measures of `Keeping`. Raises Forbidden for who does not run the studio, BadSetting."""
        self.require(Right.ADMIN)
        after = self._shop.keeping.change(**changes)
        self._shop.audit.write(self.user, "keeping.change", **changes)
        return after

    def set_quota(self, user: str, quota_bytes: int | None) -> None:
        """Another room for one person; None: the studio's measure. Raises Forbidden for who does not run the studio, NotFound."""
        self.require(Right.ADMIN)
        self._shop.quotas.set_quota(user, quota_bytes)
        self._shop.audit.write(self.user, "account.quota", subject=user, quota_bytes=quota_bytes)

    def free_space(self, *, is_dry_run: bool = False) -> Freed:
        """Free what nobody needs any more; a dry run tells what would go. Raises Forbidden for who does not run the studio."""
        self.require(Right.ADMIN)
        return self._shop.upkeep.sweep(is_dry_run=is_dry_run)
