"""The verbs about whole projects that come and go as one file. Part of `Studio`, the class to use.

Enter: an id and where the ZIP goes, or a ZIP and what the person calls it. Everything raised is a StudioError.
"""

from __future__ import annotations

from pathlib import Path

from studio.domain.project import Project
from studio.domain.rights import Right
from studio.lip_verbs import LipVerbs
from studio.media.ffmpeg import write_beside
from studio.project_archive import take_in, write_project


class ArchiveVerbs(LipVerbs):
    def write_project(self, project_id: str, out: Path) -> None:
        """The whole project as a ZIP at `out`. Raises NotFound, Forbidden, OutOfSpace; a file that is there stays until the new one is whole."""
        project = self._may(project_id, Right.EXPORT)
        with write_beside(out) as draft:
            write_project(self._shop, project, draft)
        self._shop.audit.write(self.user, "project.archive", project.id)

    def take_in_project(self, path: Path, name: str) -> Project:
        """The project in a ZIP, as this person's own. Raises BadArchive with the one sentence, BadMedia, QuotaSpent, OutOfSpace, Forbidden."""
        self.require(Right.EDIT)
        project = take_in(self._shop, self.user, path, name)
        self._shop.audit.write(self.user, "project.import", project.id)
        return project
