"""What the page's script boxes ask of the studio: an update is shown before it is done, and a script that seems another video's is asked about.

Part of `Handlers`. Enter: the upload of a dropped file, later the person's answer. Leave: the page's view, with the question where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from studio.domain.errors import DoubtfulScript, NotFound, NotReady, StudioError
from studio.domain.script_plan import ImportMode
from studio.service import Studio
from studio.ui.script_view import ScriptView, WaitingScript, WaitingScripts, doubt_view, plan_view, replace_view
from studio.ui.views import PageView

GONE = "This script is not kept any more; nothing was changed. Drop the file again."
MOVED = "The lines have changed since this was shown. This is what it would change now."


class ScriptHandlers:
    """`_scripts` keeps a dropped file until its question is answered."""

    _studio: Studio
    _scripts: WaitingScripts
    _joined: Callable[[str], str]
    _stay: Callable[[str], PageView]

    def upload_script(self, project_id: str, upload: str, use: str = ImportMode.LINES) -> PageView:
        """A script that becomes the lines (asked about where there are some), or (use "update") is shown with what it would change."""
        return self._received(project_id, upload, ImportMode.UPDATE if use == ImportMode.UPDATE else ImportMode.LINES)

    def upload_translation(self, project_id: str, upload: str) -> PageView:
        return self._received(project_id, upload, ImportMode.TRANSLATION)

    def take_script(self, ask: str, mark: str = "") -> PageView:
        """Do what was shown: all of it, doubts included. Where the lines have changed since, it is shown anew and nothing is done."""
        script = self._scripts.take(ask, self._studio.user)
        if script is None:
            raise NotReady(GONE)
        if script.mode is not ImportMode.UPDATE:
            self._studio.import_script(script.project_id, script.data, script.name, as_target=script.mode is ImportMode.TRANSLATION, anyway=True)
            return self._stay(script.project_id)
        if self._studio.plan_update(script.project_id, script.data, script.name).mark != mark:
            return self._asking(script, self._planned(script, MOVED))
        self._studio.update_from_script(script.project_id, script.data, script.name, anyway=True, mark=mark)
        return self._stay(script.project_id)

    def leave_script(self, project_id: str, ask: str) -> PageView:
        self._scripts.take(ask, self._studio.user)
        return self._stay(project_id)

    def _received(self, project_id: str, upload: str, mode: ImportMode) -> PageView:
        """The page after a script came, with the box told what became of it."""
        try:
            page = self._imported(project_id, upload, mode)
        except StudioError as error:
            with suppress(NotFound):
                self._studio.drop_upload(upload)
            page = self._stay(project_id)
            return replace(page, box=replace(page.box, done=upload, trouble=str(error)))
        return replace(page, box=replace(page.box, done=upload))

    def _imported(self, project_id: str, upload: str, mode: ImportMode) -> PageView:
        project_id = self._joined(project_id)
        name = self._studio.upload(upload).name
        script = WaitingScript(self._studio.user, project_id, name, self._studio.take_script(upload), mode)
        if mode is ImportMode.UPDATE:
            return self._asking(script, self._planned(script))
        if mode is ImportMode.LINES and (rows := self._studio.rows(project_id, at_once=True)):
            doubts = self._studio.doubts_about(project_id, script.data, script.name)
            return self._asking(script, replace_view(script, rows, doubts, self._scripts.keep(script)))
        try:
            self._studio.import_script(project_id, script.data, script.name, as_target=mode is ImportMode.TRANSLATION)
        except DoubtfulScript as error:
            return self._asking(script, doubt_view(script, error.doubts, self._scripts.keep(script)))
        return self._stay(project_id)

    def _planned(self, script: WaitingScript, notice: str = "") -> ScriptView:
        plan = self._studio.plan_update(script.project_id, script.data, script.name)
        return plan_view(plan, self._scripts.keep(script), notice)

    def _asking(self, script: WaitingScript, view: ScriptView) -> PageView:
        return replace(self._stay(script.project_id), script=view)
