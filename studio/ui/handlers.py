"""What each event of the page asks of the studio. No Gradio: plain values in, one view type out per handler.

Every handler speaks for one user (the `studio` it is given is bound to them). Add one here, then name its event in `wire.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from studio.domain.errors import BadSetting, NotFound, NotReady, StudioError
from studio.domain.plain import fingerprint
from studio.domain.project import JobKind, JobState
from studio.domain.rights import Right
from studio.domain.settings import FitSettings, MixSettings, Settings
from studio.domain.views import ProjectView
from studio.service import Studio
from studio.ui import present
from studio.ui.arrivals import Arrivals
from studio.ui.export_present import STREAMED, exports_view, fetch_address
from studio.ui.guidance_handlers import GuidanceHandlers
from studio.ui.guidance_present import guidance_news
from studio.ui.next_step import next_step
from studio.ui.overview_handlers import OverviewHandlers
from studio.ui.script_handlers import ScriptHandlers
from studio.ui.script_view import WaitingScripts
from studio.ui.upload_handlers import UploadHandlers
from studio.ui.upload_view import upload_view
from studio.ui.views import (
    Action,
    BoxView,
    ExportReady,
    OpenTab,
    PageView,
    Place,
    PreviewView,
    ProjectList,
    ProjectsView,
    SoundView,
    TickView,
)

FACE_TASK = "face tracker"
TABS = ("projects", "upload", "lines", "guidance", "preview", "export")


class Handlers(UploadHandlers, GuidanceHandlers, OverviewHandlers, ScriptHandlers):
    """`can_leave`: the person logged in, so a way out is shown. `page`: the browser page that asks; files dropped on it together
    find each other through `arrivals`; a script waits in `scripts` for the person's answer."""

    def __init__(self, studio: Studio, *, can_leave: bool = False, page: str = "", arrivals: Arrivals | None = None, scripts: WaitingScripts | None = None) -> None:
        self._studio, self._can_leave = studio, can_leave
        self._page_name, self._arrivals = page, arrivals if arrivals is not None else Arrivals()
        self._scripts = scripts if scripts is not None else WaitingScripts()

    # the page as a whole

    def open_page(self, project_id: str, tab: str) -> PageView:
        """What a fresh or reloaded page shows; a project that is gone leaves the list in front."""
        try:
            view = self._studio.project(project_id) if project_id else None
        except NotFound:
            view = None
        is_lost = bool(project_id) and view is None
        wanted = tab if tab in TABS and not is_lost else "lines" if view is not None else "projects"
        # The list is in front already; bringing it there again could undo a quick first click on another tab.
        return self._page(view, tab=wanted if wanted != "projects" else None)

    def tick(self, project_id: str) -> TickView:
        """News of the open project; one that was deleted elsewhere turns into the empty page."""
        try:
            view = self._studio.project(project_id) if project_id else None
        except NotFound:
            view = None
        return self._news(self._look(view) if view is not None and wants_look(view) else view)

    def list_projects(self, project_id: str) -> ProjectList:
        return ProjectList(self._listing(project_id))

    def cancel(self, project_id: str, job_id: str) -> TickView:
        self._studio.cancel(job_id)
        return self.tick(project_id)

    def correct_offset(self, project_id: str) -> TickView:
        """Play the media's sound where its lips are; what was measured on the old sound is measured again."""
        self._studio.correct_offset(_chosen(project_id))
        self._studio.look_for_faces(project_id)
        return self.tick(project_id)

    def restore_sound(self, project_id: str) -> TickView:
        """Play the media's sound as its file has it."""
        self._studio.shift_sound(_chosen(project_id), 0)
        self._studio.look_for_faces(project_id)
        return self.tick(project_id)

    # projects

    def open_project(self, id: str) -> PageView:
        view = self._studio.project(id)
        return self._page(view, tab="lines" if view.counts.total else "upload")

    def create_project(self, name: str, source_language: str, target_language: str) -> PageView:
        project = self._studio.create_project(name.strip() or "Untitled", source_language, target_language)
        return self._page(self._studio.project(project.id), tab="upload")

    def open_demo(self) -> PageView:
        return self._page(self._studio.project(self._studio.demo_project().id), tab="lines")

    def rename_project(self, project_id: str, id: str, name: str) -> PageView:
        if not name.strip():
            raise BadSetting("A project needs a name; type at least one letter.")
        self._studio.rename_project(id, name.strip())
        return self.open_page(project_id, "projects")

    def delete_project(self, project_id: str, id: str) -> PageView:
        self._studio.delete_project(id)
        return self.open_page("" if id == project_id else project_id, "projects")

    # upload

    def choose_languages(self, project_id: str, source_language: str, target_language: str) -> PageView:
        if project_id:
            self._studio.set_languages(project_id, source_language, target_language)
        return self._stay(project_id)

    def choose_track(self, project_id: str, track: str) -> PageView:
        return self._change(project_id, lambda settings: replace(settings, audio_track=int(track)))

    def choose_engine(self, project_id: str, task: str, name: str) -> PageView:
        return self._change(project_id, lambda settings: replace(settings, engines=replace(settings.engines, **{task: name})))

    def start(self, project_id: str, kind: str) -> TickView:
        self._studio.submit(_chosen(project_id), JobKind(kind))
        return self.tick(project_id)

    # mix, fit

    def set_mix(self, project_id: str, mix: MixSettings) -> TickView:
        self._change(project_id, lambda settings: replace(settings, mix=mix))
        return self.tick(project_id)

    def set_fit(self, project_id: str, fit: FitSettings) -> TickView:
        self._change(project_id, lambda settings: replace(settings, fit=fit))
        return self.tick(project_id)

    # export

    def export(self, project_id: str, kind: str) -> ExportReady:
        """Make an export; the page then fetches it from the address returned. What stands in the way is said on the tab."""
        view = self._studio.project(_chosen(project_id))
        answer = replace(exports_view(view, revision(view)), fetch_mark=uuid.uuid4().hex)
        try:
            if kind in STREAMED:
                self._studio.delivery(project_id, kind)
            else:
                self._studio.export(project_id, kind)
        except StudioError as error:
            return ExportReady(replace(answer, notice=str(error)))
        return ExportReady(replace(answer, fetch=fetch_address(project_id, kind)))

    # within

    def _look(self, view: ProjectView) -> ProjectView:
        """Queue the look at the faces. Where no engine can look, the page goes on without: lips are a help, not a need."""
        if not any(one.task == FACE_TASK and one.is_available for one in self._studio.engines()):
            return view
        if Right.RUN not in self._studio.rights(view.project.id):
            return view
        try:
            self._studio.look_for_faces(view.project.id)
        except StudioError:  # such as too much work waiting: asked again with the next news
            return view
        return self._studio.project(view.project.id)

    def _sound(self, view: ProjectView) -> SoundView:
        """What can be done about sound that is early or late against the lips."""
        source = view.project.source
        if source is None or source.info.video is None:
            return SoundView()
        found = self._studio.sound_offset(view.project.id)
        return present.sound_view(view, *(("", 0) if found is None else (found.why, found.shift_ms)))

    def _stay(self, project_id: str) -> PageView:
        return self._page(self._studio.project(project_id) if project_id else None, tab=None)

    def _joined(self, project_id: str) -> str:
        """The project a file belongs to. The page of a file dropped right after the media knows none yet: the media's own it is."""
        return _chosen(project_id or self._arrivals.opened(self._page_name))

    def _change(self, project_id: str, change: Callable[[Settings], Settings]) -> PageView:
        """Store changed settings; without a project there is nothing to keep them in, and nothing happens."""
        if project_id:
            settings = self._studio.project(project_id).project.settings
            if (changed := change(settings)) != settings:
                self._studio.update_settings(project_id, changed)
        return self._stay(project_id)

    def _listing(self, open_id: str) -> ProjectsView:
        return ProjectsView(tuple(present.card(one, open_id=open_id, user=self._studio.user) for one in self._studio.projects()), can_make=Right.EDIT in self._studio.own_rights())

    def _news(self, view: ProjectView | None) -> TickView:
        sound = self._sound(view) if view is not None else SoundView()
        place = Place(view.project.id, revision(view), view.notices, sound, present.is_looking(view)) if view is not None else Place()
        upload = upload_view(view, ())
        return TickView(
            header=replace(present.header(view, self._studio.user, can_leave=self._can_leave), is_admin=self._can_leave and Right.ADMIN in self._studio.own_rights(), next=next_step(view) if self._may_edit(view) else None),
            desk=place,
            guidance=guidance_news(view, place, self._studio.voice_sight(view.project.id) if view is not None else None),
            facts=replace(upload.facts, sound=sound),
            preview=preview_view(view, place),
            render=render_action(view),
            exports=exports_view(view, revision(view)),
            find=upload.find,
            dub=upload.dub,
        )

    def _may_edit(self, view: ProjectView | None) -> bool:
        return Right.EDIT in (self._studio.rights(view.project.id) if view is not None else self._studio.own_rights())

    def _page(self, view: ProjectView | None, *, tab: str | None) -> PageView:
        project_id = view.project.id if view is not None else ""
        settings = view.project.settings if view is not None else Settings()
        return PageView(
            project_id=project_id,
            tab=OpenTab(tab) if tab is not None else None,
            projects=self._listing(project_id),
            upload=upload_view(view, self._studio.engines()),
            guidance=settings.guidance,
            mix=settings.mix,
            fit=settings.fit,
            news=self._news(view),
            box=BoxView(project_id),
        )


def _chosen(project_id: str) -> str:
    if not project_id:
        raise NotReady("No project is open; open one on the Projects tab, or drop a media file on the Upload tab.")
    return project_id


def wants_look(view: ProjectView) -> bool:
    """Whether the page should have the faces looked at of its own accord: there are lines and a picture nobody has looked at, the
    last work went well, and it was not a look (one that was stopped or failed is not begun again by itself)."""
    source, job = view.project.source, view.job
    if view.is_looked_at or source is None or source.info.video is None or not view.counts.total or job is None:
        return False
    return job.state is JobState.DONE and job.kind is not JobKind.FACES


def _is_busy(view: ProjectView | None) -> bool:
    return view is not None and view.job is not None and not view.job.state.is_over


def revision(view: ProjectView | None) -> str:
    """Moves whenever lines may have changed without the person; cheap, and the same for the same state."""
    if view is None:
        return ""
    job = view.job
    mark = (job.id, job.state, job.stage, job.done) if job is not None else ()
    return fingerprint(mark, view.counts, view.project.settings, len(view.speakers))[:16]


def preview_view(view: ProjectView | None, place: Place) -> PreviewView:
    if view is None:
        return PreviewView(next_step="Open a project to see its original and its dub side by side.")
    source = view.project.source
    step = ""
    if source is None:
        step = "Upload a video or an audio file first; its original and its dub will stand here side by side."
    elif not view.is_rendered:
        step = "No dub has been rendered yet. Press “Render the dub”; what is missing is translated and voiced on the way."
    stamp = fingerprint(view.is_rendered, view.is_render_stale, view.job.id if view.job is not None else "", _is_busy(view))[:12]
    return PreviewView(
        project_id=place.project_id,
        revision=place.revision,
        has_source=source is not None,
        has_picture=source is not None and source.info.video is not None,
        has_dub=view.is_rendered,
        is_stale=view.is_rendered and view.is_render_stale,
        stamp=stamp,
        next_step=step,
    )


def render_action(view: ProjectView | None) -> Action:
    if view is None or view.project.source is None:
        return Action("Render the dub", is_enabled=False)
    if present.is_blocked(view):
        return Action("Working…", is_enabled=False)
    return Action("Render again" if view.is_rendered else "Render the dub")
