"""The verbs that every shell calls. A `Studio` speaks for one user: every verb looks at that user's projects only.

Enter: ids and plain values. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from studio import exports, playback
from studio.domain import cutting
from studio.domain.errors import BadMedia, BadSetting, NotFound, NotReady
from studio.domain.language import language_code
from studio.domain.line import Fit, Line, LineStatus, Prediction, SpeakerProfile, VoiceRef
from studio.domain.project import Job, JobKind, JobState, Project, Script, Source, StageCost
from studio.domain.settings import EngineChoice, Guidance, Limits, LineSettings, Settings
from studio.domain.timing import TimeSpan
from studio.domain.views import EngineStatus, LineDetail, LineRow, ProjectView
from studio.engines.protocols import VoiceInfo
from studio.engines.translate_imported import ImportedTranslator
from studio.formats.read import read_script
from studio.jobs import JobRunner
from studio.media.probe import probe
from studio.review import build_rows, count, paced_estimator, predictor, programme_ms, resolve_voices, stand, standing_notices, voices_on_offer
from studio.script import UNNAMED_SPEAKER, keep_as_lines, keep_as_targets, read_lines, script_of, speaker_at, switch_target
from studio.stages.timing import slots
from studio.steps.run import NOTICE_STAGE, notices
from studio.store.lines import LineChange
from studio.workshop import Workshop

EXPORTS = exports.KINDS
MAX_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Changes to one line: None leaves a field as it is; a name in `clear` empties it (voice, guidance, take_id)."""

    source_text: str | None = None
    target_text: str | None = None
    span: TimeSpan | None = None
    speaker_id: str | None = None
    status: LineStatus | None = None
    voice: VoiceRef | None = None
    guidance: Guidance | None = None
    take_id: str | None = None
    clear: frozenset[str] = frozenset()

    def applied_to(self, line: Line, limits: Limits) -> Line:
        """Typing a translation makes a draft an adapted line. Raises BadSetting for a locked line or an overlong text."""
        given = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "clear"}
        changes = {name: value for name, value in given.items() if value is not None} | dict.fromkeys(self.clear)
        if line.status is LineStatus.LOCKED and set(changes) != {"status"}:
            raise BadSetting("This line is locked; unlock it before you change it.")
        for text in (self.source_text, self.target_text):
            if text is not None and len(text) > limits.max_text_chars:
                raise BadSetting(f"A line can hold {limits.max_text_chars} characters; this text has {len(text)}. Split the line.")
        is_adapted = self.target_text is not None and self.target_text != line.target_text and line.status is LineStatus.DRAFT
        return replace(line, **({"status": LineStatus.ADAPTED} if is_adapted else {}) | changes)


class Studio:
    def __init__(self, shop: Workshop, runner: JobRunner, user: str) -> None:
        self._shop, self._runner, self.user = shop, runner, user

    def as_user(self, user: str) -> Studio:
        """The same studio, speaking for someone else."""
        return Studio(self._shop, self._runner, user)

    def start(self) -> None:
        """Take up the work that earlier processes left undone, for all users, and free what is long deleted. For a server, once."""
        self._shop.tidy()
        playback.sweep(self._shop.cache)
        self._runner.start()

    def close(self) -> None:
        self._runner.close()

    # projects

    def projects(self) -> tuple[ProjectView, ...]:
        return tuple(self._view(project) for project in self._shop.projects.list(self.user))

    def create_project(self, name: str, source_language: str, target_language: str) -> Project:
        source, target = _pair(source_language, target_language)
        return self._shop.projects.create(Project(uuid.uuid4().hex, self.user, _named(name, "project"), source, target, Settings()))

    def project(self, project_id: str) -> ProjectView:
        return self._view(self._own(project_id))

    def rename_project(self, project_id: str, name: str) -> Project:
        return self._update(project_id, name=_named(name, "project"))

    def delete_project(self, project_id: str) -> None:
        if job := self.active_job(project_id):
            self.cancel(job.id)
        self._shop.projects.delete(self._own(project_id).id, self.user)

    def update_settings(self, project_id: str, settings: Settings) -> Project:
        self.check_engines(project_id, settings.engines)
        return self._update(project_id, settings=settings)

    def set_languages(self, project_id: str, source_language: str, target_language: str) -> Project:
        """Change what a project is spoken in and dubbed into. Translations into the old language wait among the wordings, and come
        back with it."""
        source, target = _pair(source_language, target_language)
        before = self._own(project_id)
        project = self._update(project_id, source_language=source, target_language=target)
        if target != before.target_language:
            switch_target(self._shop, before, project, by=self.user)
        return project

    def demo_project(self) -> Project:
        """The user's own copy of the demo; made on the first call."""
        from studio.demo import find_or_make_demo

        return find_or_make_demo(self, self._shop.demo)

    # what a project is made from

    def upload_media(self, project_id: str, path: Path, name: str) -> Project:
        """Copy a file into the store and make it the project's source. Raises BadMedia with the one right sentence."""
        project = self._own(project_id)
        info = probe(path, name=name, limits=self._shop.limits)
        source = Source(name, self._shop.blobs.put_file(path), info)
        track = next((track.index for track in info.audio if track.is_default), 0)
        return self._update(project_id, source=source, settings=replace(project.settings, audio_track=track))

    def upload_bed(self, project_id: str, path: Path, name: str) -> Project:
        """A music-and-effects stem to mix over, instead of the ducked original."""
        self._own(project_id)
        if not probe(path, name=name, limits=self._shop.limits).audio:
            raise BadMedia(name, "it has no sound, so it cannot be the music-and-effects bed.")
        return self._update(project_id, bed_blob=self._shop.blobs.put_file(path))

    def remove_bed(self, project_id: str) -> Project:
        return self._update(project_id, bed_blob=None)

    def import_script(self, project_id: str, data: bytes, name: str, *, as_target: bool = False) -> Script:
        """Lines from a subtitle file: they replace the project's, or (as_target) give its lines their translation."""
        project = self._own(project_id)
        keep = keep_as_targets if as_target else keep_as_lines
        return keep(self._shop, project, read_lines(self._shop, project, data, name), name, by=self.user)

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

    def submit(self, project_id: str, kind: JobKind, line_ids: Iterable[str] = (), *, force: bool = False) -> Job:
        """Queue work and return at once; the same work already queued is returned instead of queued twice."""
        project = self._own(project_id)
        if kind is not JobKind.TRANSLATE and kind is not JobKind.VOICE and project.source is None:
            raise NotReady(f"“{project.name}” has no media yet; upload a video or an audio file first.")
        return self._runner.submit(new_job(project, kind, tuple(line_ids), is_forced=force))

    def run_now(self, project_id: str, kind: JobKind) -> Job:
        """Do the work here and now, in the caller's thread (for the command line). The job tells how it ended."""
        return self._runner.run_now(new_job(self._own(project_id), kind))

    def regenerate(self, project_id: str, line_ids: Iterable[str] = (), *, over_budget: bool = False) -> Job:
        """New wordings, and takes for them. `over_budget` takes every line that cannot fit and is not approved."""
        chosen = tuple(line_ids)
        if over_budget:
            done = (LineStatus.APPROVED, LineStatus.LOCKED)
            chosen = tuple(row.line.id for row in self.rows(project_id) if is_over(row) and row.line.status not in done)
        if not chosen:
            raise NotReady("No line is over budget." if over_budget else "Select the lines to regenerate first.")
        return self.submit(project_id, JobKind.VOICE, chosen, force=True)

    def job(self, job_id: str) -> Job:
        job = self._shop.jobs.get(job_id)
        if job.owner != self.user:
            raise NotFound("job", job_id)
        return job

    def is_user_error(self, job_id: str) -> bool:
        """Whether a failed job failed for the person's input or settings rather than for a fault of ours."""
        return self._shop.jobs.is_user_error(self.job(job_id).id)

    def active_job(self, project_id: str) -> Job | None:
        return self._shop.jobs.active(self._own(project_id).id)

    def cancel(self, job_id: str) -> None:
        self._runner.cancel(self.job(job_id).id)

    # lines

    def rows(self, project_id: str) -> tuple[LineRow, ...]:
        project = self._own(project_id)
        lines, rack = self._shop.lines, self._shop.engines
        takes = {take.id: take for take in lines.circled_takes(project.id)}
        standing = stand(project, lines.cast(project.id), rack, tuple(takes.values()))
        return build_rows(project, standing, takes, lines.candidate_counts(project.id), rack)

    def costs(self, project_id: str) -> tuple[StageCost, ...]:
        """What each stage took, over all jobs so far."""
        return tuple(cost for cost in self._shop.results.costs(self._own(project_id).id) if cost.stage != NOTICE_STAGE)

    def line(self, project_id: str, line_id: str) -> LineDetail:
        row = self._row(project_id, line_id)
        candidates = self._shop.lines.candidates(project_id, line_id)
        return LineDetail(row, candidates, self._shop.lines.takes(project_id, line_id))

    def predict(self, project_id: str, line_id: str, text: str) -> Prediction | None:
        """Hold a text against its line while it is being typed; nothing is stored."""
        project, rack = self._own(project_id), self._shop.engines
        cast = self._shop.lines.cast(project.id)
        line = next((line for line in cast.lines if line.id == line_id), None)
        if line is None:
            raise NotFound("line", line_id)
        slots_by_line = slots(cast.lines, project.settings.timing, programme_ms(project, cast))
        estimator = paced_estimator(project, rack, self._shop.lines.circled_takes(project.id))
        predict_text = predictor(project, slots_by_line, resolve_voices(project, cast, rack), estimator)
        return predict_text(line, text[: self._shop.limits.max_text_chars])

    def revise_line(self, project_id: str, line_id: str, edit: LineEdit) -> LineRow:
        """Durable when it returns. A locked line takes nothing but another status."""
        project = self._own(project_id)
        self._check_voice(project, edit.voice)
        if edit.take_id is not None:
            edit = self._circled(project, line_id, edit)
        self._shop.lines.edit(project.id, line_id, lambda line: edit.applied_to(line, self._shop.limits), by=self.user)
        return self._row(project_id, line_id)

    def set_status(self, project_id: str, line_ids: Iterable[str], status: LineStatus) -> None:
        """Give many lines one status, as one action."""
        project, wanted = self._own(project_id), frozenset(line_ids)
        lines = [line for line in self._shop.lines.cast(project.id).lines if line.id in wanted]
        self._shop.lines.change_lines(project.id, LineChange(revised=tuple(replace(line, status=status) for line in lines)), by=self.user)

    def pick_candidate(self, project_id: str, line_id: str, candidate_id: str) -> LineRow:
        found = next((one for one in self._shop.lines.candidates(self._own(project_id).id, line_id) if one.id == candidate_id), None)
        if found is None:
            raise NotFound("candidate", candidate_id)
        return self.revise_line(project_id, line_id, LineEdit(target_text=found.text))

    def add_line(self, project_id: str, start_ms: int, end_ms: int) -> LineRow:
        """An empty line to type in, spoken by whoever speaks the line before it."""
        project = self._own(project_id)
        if not 0 <= start_ms < end_ms:
            raise BadSetting("A line must start at 0 or later and end after its start.")
        cast = self._shop.lines.cast(project.id)
        speaker = speaker_at(cast, start_ms)
        if speaker is None:
            speaker = SpeakerProfile(uuid.uuid4().hex, UNNAMED_SPEAKER)
            self._shop.lines.add_speaker(project.id, speaker)
        line = Line(uuid.uuid4().hex, TimeSpan(start_ms, end_ms), speaker.id, "")
        self._shop.lines.add_lines(project.id, (line,), by=self.user)
        return self._row(project_id, line.id)

    def delete_lines(self, project_id: str, line_ids: Iterable[str]) -> None:
        self._shop.lines.delete_lines(self._own(project_id).id, tuple(line_ids), by=self.user)

    def split_line(self, project_id: str, line_id: str, at_ms: int) -> tuple[LineRow, LineRow]:
        """Two lines, the texts cut in proportion; both want a new take."""
        project = self._own(project_id)
        first, second = cutting.split(self._shop.lines.line(project.id, line_id), at_ms, uuid.uuid4().hex)
        self._shop.lines.split_line(project.id, first, second, by=self.user)
        return self._row(project_id, first.id), self._row(project_id, second.id)

    def merge_lines(self, project_id: str, line_ids: Iterable[str]) -> LineRow:
        project = self._own(project_id)
        lines = [self._shop.lines.line(project.id, line_id) for line_id in dict.fromkeys(line_ids)]
        merged = cutting.merge(lines, source_language=project.source_language, target_language=project.target_language)
        self._shop.lines.merge_lines(project.id, merged, [line.id for line in lines if line.id != merged.id], by=self.user)
        return self._row(project_id, merged.id)

    # speakers and voices

    def rename_speaker(self, project_id: str, speaker_id: str, name: str) -> None:
        self._shop.lines.update_speaker(self._own(project_id).id, speaker_id, name=_named(name, "speaker"))

    def set_speaker_voice(self, project_id: str, speaker_id: str, voice: VoiceRef | None) -> None:
        self._check_voice(self._own(project_id), voice)
        self._shop.lines.set_speaker_voice(project_id, speaker_id, voice)

    def merge_speakers(self, project_id: str, speaker_ids: Sequence[str]) -> None:
        """All lines of these speakers go to the first of them."""
        self._shop.lines.merge_speakers(self._own(project_id).id, tuple(speaker_ids), by=self.user)

    def split_speaker(self, project_id: str, speaker_id: str, line_ids: Iterable[str], name: str) -> SpeakerProfile:
        """Give some lines of a speaker to a new one."""
        new = SpeakerProfile(uuid.uuid4().hex, _named(name, "speaker"))
        return self._shop.lines.split_speaker(self._own(project_id).id, speaker_id, tuple(line_ids), new, by=self.user)

    def voices(self, project_id: str) -> tuple[VoiceInfo, ...]:
        return voices_on_offer(self._own(project_id), self._shop.engines)

    # what the page plays, and what leaves the studio

    def take_wav(self, project_id: str, take_id: str) -> Path:
        return self._shop.blobs.path(self._shop.lines.take(self._own(project_id).id, take_id).fitted_blob)

    def source_clip(self, project_id: str, line_id: str) -> Path:
        return playback.source_clip(self._shop, self._own(project_id), line_id)

    def peaks(self, project_id: str) -> bytes:
        return playback.peaks(self._shop, self._own(project_id))

    def playable_source(self, project_id: str) -> Path:
        return playback.playable_source(self._shop, self._own(project_id))

    def playable_dub(self, project_id: str) -> Path | None:
        return playback.playable_dub(self._shop, self._own(project_id))

    def line_preview(self, project_id: str, line_id: str) -> Path | None:
        return playback.line_preview(self._shop, self._own(project_id), line_id)

    def export(self, project_id: str, kind: str) -> Path:
        return exports.export(self, self._shop, self._own(project_id), kind)

    def engines(self) -> tuple[EngineStatus, ...]:
        return self._shop.engines.status()

    # within

    def _own(self, project_id: str) -> Project:
        return self._shop.projects.get(project_id, self.user)

    def _update(self, project_id: str, **changes: object) -> Project:
        return self._shop.projects.change(project_id, self.user, lambda project: replace(project, **changes))

    def _circled(self, project: Project, line_id: str, edit: LineEdit) -> LineEdit:
        """Circling a take brings back its words and its voice, or the next voicing would take it away again."""
        take = self._shop.lines.take(project.id, edit.take_id or "")
        if take.line_id != line_id:
            raise NotFound("take", take.id)
        voice = resolve_voices(project, self._shop.lines.cast(project.id), self._shop.engines).get(line_id)
        return replace(edit, target_text=take.text, voice=take.voice if take.voice != voice else edit.voice)

    def _check_voice(self, project: Project, voice: VoiceRef | None) -> None:
        if voice is None:
            return
        offered = {(info.ref.engine, info.ref.voice) for info in voices_on_offer(project, self._shop.engines)}
        if (voice.engine, voice.voice) not in offered:
            raise BadSetting(f"There is no voice “{voice.voice}” of {voice.engine} for {project.target_language} here; choose one from the list.")

    def _row(self, project_id: str, line_id: str) -> LineRow:
        row = next((row for row in self.rows(project_id) if row.line.id == line_id), None)
        if row is None:
            raise NotFound("line", line_id)
        return row

    def _view(self, project: Project) -> ProjectView:
        render = playback.render_state(self._shop, project)
        rows = self.rows(project.id)
        return ProjectView(
            project=project,
            counts=count(rows),
            speakers=self._shop.lines.speakers(project.id),
            job=self._shop.jobs.latest(project.id),
            skipped=self._shop.lines.skipped(project.id),
            is_rendered=render.is_rendered,
            is_render_stale=render.is_stale,
            notices=standing_notices(project, rows, self._shop.engines) + notices(self._shop, project.id) + render.notices,
        )


def new_job(project: Project, kind: JobKind, line_ids: tuple[str, ...] = (), *, is_forced: bool = False) -> Job:
    return Job(uuid.uuid4().hex, project.id, project.owner, kind, JobState.QUEUED, line_ids, is_forced=is_forced)


def is_over(row: LineRow) -> bool:
    """Over budget: predicted not to fit even at the fastest rate, or voiced and spilling."""
    is_predicted = row.prediction is not None and row.prediction.fit is Fit.OVER
    return is_predicted or (row.take is not None and not row.is_take_stale and row.take.report.remainder_ms > 0)


def _pair(source_language: str, target_language: str) -> tuple[str, str]:
    return language_code(source_language), language_code(target_language)


def _named(name: str, what: str) -> str:
    """A name fit to show: trimmed, of one line. Raises BadSetting for an empty or overlong one."""
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME_CHARS or not clean.isprintable():
        raise BadSetting(f"A {what} needs a name of 1 to {MAX_NAME_CHARS} visible characters.")
    return clean
