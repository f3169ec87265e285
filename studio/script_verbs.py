"""The verbs of scripts: taking one in, seeing first what it would change, and writing the project's own. Part of `Studio`.

Enter: ids of the user's own projects, and files as bytes. Leave: records of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

from pathlib import Path

from studio import exports
from studio.domain.errors import BadSubtitles, DoubtfulScript
from studio.domain.project import Script
from studio.domain.script_plan import ImportMode, ScriptPlan
from studio.domain.timebase import timebase_of
from studio.formats.read import read_script
from studio.lip_verbs import LipVerbs
from studio.script import in_programme, keep_as_lines, keep_as_targets
from studio.script_exports import ScriptWish
from studio.script_import import apply_update, check_belongs, refuse_doubtful, require_mark, update_of


class ScriptVerbs(LipVerbs):
    def import_script(self, project_id: str, data: bytes, name: str, *, as_target: bool = False, anyway: bool = False) -> Script:
        """Lines from a script: they replace the project's, or (as_target) give its lines their translation. Raises BadSubtitles, and
        changes nothing, where it seems to be for another video, unless `anyway`."""
        project = self._own(project_id)
        whole = self._whole_script(project_id, data, name)
        if not anyway:
            mode = ImportMode.TRANSLATION if as_target else ImportMode.LINES
            check_belongs(project, self._shop.lines.cast(project.id), whole, name, mode)
        script = in_programme(project, whole)
        if not script.lines:
            raise BadSubtitles(name, "all of its lines lie after the programme ends; is it for another video? Nothing was changed.")
        return (keep_as_targets if as_target else keep_as_lines)(self._shop, project, script, name, by=self.user)

    def doubts_about(self, project_id: str, data: bytes, name: str) -> tuple[str, ...]:
        """Why a script that is to become the lines may be another video's; nothing is changed. Raises BadSubtitles for what is no script."""
        try:
            check_belongs(self._own(project_id), self._shop.lines.cast(project_id), self._whole_script(project_id, data, name), name, ImportMode.LINES)
        except DoubtfulScript as error:
            return error.doubts
        return ()

    def plan_update(self, project_id: str, data: bytes, name: str) -> ScriptPlan:
        """What updating the lines by a script would change; nothing is changed yet."""
        project = self._own(project_id)
        return update_of(self._shop, project, self._whole_script(project_id, data, name), name).plan

    def update_from_script(self, project_id: str, data: bytes, name: str, *, anyway: bool = False, mark: str | None = None) -> ScriptPlan:
        """Change the lines that a script knows and add those it has besides, as one action; none is removed, no locked one changed.

        `mark`: of the plan that was shown; the lines having changed since raises BadSetting. Raises BadSubtitles, and changes nothing,
        where the script seems to be for another video, unless `anyway`.
        """
        project = self._own(project_id)
        script = self._whole_script(project_id, data, name)
        update = update_of(self._shop, project, script, name)
        require_mark(update, mark)
        if not anyway:
            refuse_doubtful(name, update.plan.doubts)
        apply_update(self._shop, project, update, script, by=self.user)
        return update.plan

    def export_into(self, project_id: str, form: str, wish: ScriptWish) -> Path:
        """Write a format into a folder, under a name of its own; returns the file or folder that was written."""
        return exports.export_into(self, self._shop, self._own(project_id), form, wish)

    def _whole_script(self, project_id: str, data: bytes, name: str) -> Script:
        project = self._own(project_id)
        fps = timebase_of(project.source.info).fps if project.source is not None and project.source.info.video is not None else None
        return read_script(data, name, limits=self._shop.limits, max_cue_ms=project.settings.lines.max_cue_ms, fps=fps)
