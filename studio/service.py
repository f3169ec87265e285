"""The verbs that every shell calls. A `Studio` speaks for one user: every verb looks at that user's projects only.

Enter: ids and plain values. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from studio import exports, playback
from studio.account_verbs import AccountVerbs
from studio.admin_verbs import AdminVerbs
from studio.archive_verbs import ArchiveVerbs
from studio.audited import audited
from studio.bin_verbs import BinVerbs
from studio.bulk_verbs import BulkVerbs
from studio.domain.bench import DeskPicture
from studio.domain.errors import BadSetting, NotReady
from studio.domain.language import NAMES, language_code
from studio.domain.line import LineStatus
from studio.domain.project import Job, JobKind, JobState, Project, Script, StageCost
from studio.domain.rights import Right
from studio.domain.rights import DEMO_OWNER
from studio.domain.settings import EngineChoice, LearningSettings, LineSettings, Settings
from studio.domain.timing import TimeSpan
from studio.domain.views import EngineStatus, ProjectCast, ProjectView
from studio.engines.translate_imported import ImportedTranslator
from studio.formats.read import read_script
from studio.front_door import Entered, FrontDoor, Knock, TooManyTries, WrongPassword
from studio.handover_verbs import HandoverVerbs
from studio.history_verbs import HistoryVerbs
from studio.line_verbs import MAX_NAME_CHARS, LineEdit, clean_name
from studio.member_verbs import MemberVerbs
from studio.note_verbs import NoteVerbs, PlacedNotes
from studio.overview_verbs import OverviewVerbs
from studio.person_verbs import PersonVerbs
from studio.preference_export import Lessons
from studio.preferences import lessons
from studio.queue_verbs import QueueVerbs
from studio.review_links import NoReview, ReviewLinkVerbs, ReviewRoom
from studio.replace_verbs import Hit, Pick, ReplaceVerbs
from studio.review import count, follows_instructions, is_over, standing_notices
from studio.script import script_of, switch_target
from studio.script_verbs import ScriptVerbs
from studio.show_verbs import ShowVerbs, Taken
from studio.sign_off import SignOff, SignOffVerbs
from studio.searching import SearchWish
from studio.steps.run import NOTICE_STAGE, notices
from studio.steps.speech import kept_speech
from studio.store.changes import Action, By
from studio.store.text import storable
from studio.take_verbs import TakeVerbs
from studio.verb_rights import guarded
from studio.upload_verbs import UploadVerbs

EXPORTS = exports.KINDS
__all__ = ["EXPORTS", "Entered", "FrontDoor", "Knock", "TooManyTries", "WrongPassword", "MAX_NAME_CHARS", "Hit", "LineEdit", "NoReview", "Pick", "PlacedNotes", "ReviewRoom", "SearchWish", "SignOff", "Studio", "Taken"]


@guarded
@audited
class Studio(QueueVerbs, AccountVerbs, ArchiveVerbs, UploadVerbs, BinVerbs, AdminVerbs, MemberVerbs, BulkVerbs, ReplaceVerbs, ScriptVerbs, OverviewVerbs, PersonVerbs, HandoverVerbs, NoteVerbs, ReviewLinkVerbs, ShowVerbs, SignOffVerbs, HistoryVerbs, TakeVerbs):
    def as_user(self, user: str) -> Studio:
        """The same studio, speaking for someone else."""
        return Studio(self._shop, self._runner, user)

    @property
    def door(self) -> FrontDoor:
        """Who comes in, and who a request speaks for; for the page server."""
        return self._shop.door

    def moment(self) -> AbstractContextManager[None]:
        """What this thread asks inside is answered from one moment, and in one transaction; for short questions that ask much."""
        return self._shop.projects.moment()

    def link_key(self) -> bytes:
        """The secret that signs links to media, the same for all servers; for the page server."""
        return self._shop.values.secret("media links")

    def start(self) -> None:
        """Take up the work that earlier processes left undone, for all users, and free what is long deleted. For a server, once."""
        self._shop.housekeeper.start()
        self._runner.start()

    def close(self) -> None:
        self._shop.housekeeper.close()
        self._shop.standings.close()
        self._shop.pictures.close()
        self._runner.close()

    # projects

    def projects(self) -> tuple[ProjectView, ...]:
        return tuple(self._view(project) for project in self._shop.projects.list(self.user))

    def projects_named(self, names: Iterable[str]) -> tuple[Project, ...]:
        """One's own projects of these names, newest first, without the lines that `projects` counts."""
        return self._shop.projects.named(self.user, names)

    def create_project(self, name: str, source_language: str, target_language: str) -> Project:
        source, target = _pair(source_language, target_language)
        return self._shop.projects.create(Project(uuid.uuid4().hex, self.user, clean_name(name, "project"), source, target, Settings()))

    def project(self, project_id: str) -> ProjectView:
        return self._view(self._own(project_id))

    def cast(self, project_id: str) -> ProjectCast:
        """A project and who speaks in it, for a fraction of what `project` costs."""
        project = self._own(project_id)
        return ProjectCast(project, self._shop.lines.speakers(project.id), follows_instructions(project, self._shop.engines))

    def rename_project(self, project_id: str, name: str) -> Project:
        return self._update(project_id, by=self.user, name=clean_name(name, "project"))

    def delete_project(self, project_id: str) -> None:
        for job_id in self._shop.jobs.open_ids(self._own(project_id).id):
            self.cancel(job_id)
        self._shop.projects.delete(self._own(project_id).id, self.user)

    def update_settings(self, project_id: str, settings: Settings) -> Project:
        self.check_engines(project_id, settings.engines)
        return self._update(project_id, by=self.user, settings=settings)

    def set_languages(self, project_id: str, source_language: str, target_language: str) -> Project:
        """Change what a project is spoken in and dubbed into. Translations into the old language wait among the wordings, and come
        back with it."""
        source, target = _pair(source_language, target_language)
        before = self._own(project_id)
        action = Action(self.user, f"Languages: {NAMES[source]} to {NAMES[target]}", id=uuid.uuid4().hex)
        project = self._update(project_id, by=action, source_language=source, target_language=target)
        if target != before.target_language:
            switch_target(self._shop, before, project, by=action)
        return project

    def set_terms(self, project_id: str, pairs: Iterable[tuple[str, str]]) -> Project:
        """The glossary: names and terms with their fixed translations, as `domain.terms.read_terms` reads them. Raises BadSetting."""
        terms = tuple((storable(source.strip(), "A term"), storable(target.strip(), "A term")) for source, target in pairs)
        return self._change_settings(project_id, lambda settings: replace(settings, translation=replace(settings.translation, terms=terms)))

    def set_learning(self, project_id: str, keep: bool) -> Project:
        """Whether choices made at the desk are kept from now on. Switching off deletes nothing; `forget_choices` does."""
        return self._change_settings(project_id, lambda settings: replace(settings, learning=LearningSettings(keep)))

    def preference_count(self, project_id: str) -> int:
        """Choices kept so far, one per line and wording that was replaced."""
        return self._shop.preferences.count(self._own(project_id).id)

    def forget_choices(self, project_id: str) -> int:
        """Delete every choice kept in the project; returns how many there were."""
        return self._shop.preferences.forget(self._own(project_id).id)

    def lessons(self, project_id: str, form: str | None = None) -> Lessons:
        """The choices kept, as records to train a translator on. `form`: how that model is asked; None: as the one in use."""
        project = self._own(project_id)
        return lessons(self._shop, project, self.rows(project.id), form)

    def demo_project(self) -> Project:
        """The user's own copy of the demo, or the one for all where they make no projects; made on the first call."""
        from studio.demo import find_or_make_demo

        owner = self if Right.EDIT in self.own_rights() else self.as_user(DEMO_OWNER)
        return find_or_make_demo(owner, self._shop.demo)

    # what a project is made from

    def remove_bed(self, project_id: str) -> Project:
        return self._update(project_id, bed_blob=None)

    def read_script(self, data: bytes, name: str) -> Script:
        """The lines of a subtitle file, kept nowhere."""
        return read_script(data, name, limits=self._shop.limits, max_cue_ms=LineSettings().max_cue_ms)

    def script(self, project_id: str) -> Script:
        """The project's lines as an importer would have given them, with what was skipped."""
        return script_of(self._shop, self._own(project_id))

    def check_engines(self, project_id: str, choice: EngineChoice) -> None:
        """Raises BadSetting or EngineUnavailable for a named engine that is unknown, or that cannot do its part here."""
        project, rack = self._own(project_id), self._shop.engines
        pair = (project.source_language, project.target_language)
        rack.pick("transcriber", choice.transcriber)
        if choice.translator not in ("auto", ImportedTranslator.name):
            rack.pick("translator", choice.translator, accepts=lambda engine: engine.supports(*pair))
        for task, name in (("estimator", choice.estimator), ("speaker", choice.speaker)):
            if name != "auto":  # where such an engine cannot run now, another steps in and a notice says so
                rack.named(task, name)

    # long work

    def submit(self, project_id: str, kind: JobKind, line_ids: Iterable[str] = (), *, force: bool = False, is_batch: bool = False) -> Job:
        """Queue work and return at once; the same work already queued is returned instead of queued twice. `is_batch`: nobody waits for it."""
        project = self._may(project_id, Right.RUN)
        if kind is not JobKind.TRANSLATE and kind is not JobKind.VOICE and project.source is None:
            raise NotReady(f"“{project.name}” has no media yet; upload a video or an audio file first.")
        return self._runner.submit(replace(new_job(project, self.user, kind, tuple(line_ids), is_forced=force), is_batch=is_batch))

    def look_for_faces(self, project_id: str) -> Job:
        """Queue a look at the picture: faces, who speaks, lip scores of the takes there are. It runs beside the project's other work;
        what is known already costs nothing. Raises NotReady without media."""
        return self.submit(project_id, JobKind.FACES)

    def run_now(self, project_id: str, kind: JobKind) -> Job:
        """Do the work here and now, in the caller's thread (for the command line). The job tells how it ended."""
        return self._runner.run_now(new_job(self._may(project_id, Right.RUN), self.user, kind))

    def regenerate(self, project_id: str, line_ids: Iterable[str] = (), *, over_budget: bool = False, instruction: str = "") -> Job:
        """New wordings, and takes for them. `over_budget` takes every line that cannot fit and is not approved.

        `instruction`: a wish in words, on one line ("shorter"). Raises BadSetting where the translator follows none.
        """
        wish = " ".join(instruction.split())
        if wish:
            self._check_instruction(self._own(project_id))
        chosen = tuple(line_ids)
        if over_budget:
            done = (LineStatus.APPROVED, LineStatus.LOCKED)
            chosen = tuple(row.line.id for row in self.rows(project_id) if is_over(row) and row.line.status not in done)
        if not chosen:
            raise NotReady("No line is over budget." if over_budget else "Select the lines to regenerate first.")
        return self._runner.submit(new_job(self._may(project_id, Right.RUN), self.user, JobKind.VOICE, chosen, is_forced=True, instruction=wish))

    def is_user_error(self, job_id: str) -> bool:
        """Whether a failed job failed for the person's input or settings rather than for a fault of ours."""
        return self._shop.jobs.is_user_error(self.job(job_id).id)

    def active_job(self, project_id: str) -> Job | None:
        return self._shop.jobs.active(self._own(project_id).id)

    def costs(self, project_id: str) -> tuple[StageCost, ...]:
        """What each stage took, over all jobs so far."""
        return tuple(cost for cost in self._shop.results.costs(self._own(project_id).id) if cost.stage != NOTICE_STAGE)

    # what the page plays, and what leaves the studio

    def take_wav(self, project_id: str, take_id: str) -> Path:
        return playback.take_wav(self._shop, self._own(project_id), take_id)

    def context_mix(self, project_id: str, line_id: str) -> playback.ContextMix:
        """A line in the mix with its neighbours, made on demand. Raises NotReady without media or where a take's sound is gone."""
        return playback.context_mix(self._shop, self._own(project_id), line_id)

    def speech_spans(self, project_id: str) -> tuple[TimeSpan, ...]:
        """Where anyone speaks in the source, as heard so far; empty before anybody has listened that closely."""
        return kept_speech(self._shop, self._own(project_id)).spans

    def source_clip(self, project_id: str, line_id: str) -> Path:
        return playback.source_clip(self._shop, self._own(project_id), line_id)

    def peaks(self, project_id: str) -> bytes:
        return playback.peaks(self._shop, self._own(project_id))

    def playable_source(self, project_id: str) -> Path:
        return playback.playable_source(self._shop, self._own(project_id))

    def desk_picture(self, project_id: str) -> DeskPicture:
        """Which picture the desk shows now; where a lighter one would be quicker to seek, it is made in the background. Raises NotReady."""
        return playback.desk_picture(self._shop, self._own(project_id))

    def picture(self, project_id: str, mark: str) -> Path:
        """The file behind a mark of `desk_picture`, always the same bytes. Raises NotFound for a mark that is not, or no longer, of this source."""
        return playback.picture(self._shop, self._own(project_id), mark)

    def playable_dub(self, project_id: str) -> Path | None:
        return playback.playable_dub(self._shop, self._own(project_id))

    def line_preview(self, project_id: str, line_id: str) -> Path | None:
        return playback.line_preview(self._shop, self._own(project_id), line_id)

    def export(self, project_id: str, kind: str) -> Path:
        """One file of any kind. Raises ExportRefused where the project's delivery profile forbids it, and as its maker does."""
        self.check_export(project_id, kind)
        return exports.export(self, self._shop, self._own(project_id), kind)

    def engines(self) -> tuple[EngineStatus, ...]:
        return self._shop.engines.status()

    # within

    def _update(self, project_id: str, *, by: By | None = None, **changes: object) -> Project:
        """`by`: whose action in the history this is, None for what cannot be undone."""
        return self._shop.projects.change(project_id, self.user, lambda project: replace(project, **changes), by=by)

    def _change_settings(self, project_id: str, change: Callable[[Settings], Settings]) -> Project:
        """Change some settings of a project as stored now, so that two changes at once lose nothing."""
        return self._shop.projects.change(project_id, self.user, lambda project: replace(project, settings=change(project.settings)), by=self.user)

    def _check_instruction(self, project: Project) -> None:
        if not follows_instructions(project, self._shop.engines):
            raise BadSetting("The translator in use follows no instructions; leave them out, or choose a chat model as translator.")

    def _view(self, project: Project) -> ProjectView:
        render = playback.render_state(self._shop, project)
        rows = self.rows(project.id, at_once=True)
        return ProjectView(
            project=project,
            counts=count(rows),
            speakers=self._shop.lines.speakers(project.id),
            job=self._shop.jobs.latest(project.id),
            skipped=self._shop.lines.skipped(project.id),
            is_rendered=render.is_rendered,
            is_render_stale=render.is_stale,
            notices=standing_notices(project, rows, self._shop.engines) + notices(self._shop, project.id) + render.notices,
            follows_instructions=follows_instructions(project, self._shop.engines),
            kept_choices=self._shop.preferences.count(project.id),
            is_looked_at=any(row.presence is not None for row in rows),
        )


def new_job(project: Project, by: str, kind: JobKind, line_ids: tuple[str, ...] = (), *, is_forced: bool = False, instruction: str = "") -> Job:
    return Job(uuid.uuid4().hex, project.id, by, kind, JobState.QUEUED, line_ids, is_forced=is_forced, instruction=instruction)


def _pair(source_language: str, target_language: str) -> tuple[str, str]:
    return language_code(source_language), language_code(target_language)
