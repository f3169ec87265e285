"""The verbs that every shell calls. A `Studio` speaks for one user: every verb looks at that user's projects only.

Enter: ids and plain values. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from studio import exports, playback
from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.language import language_code
from studio.domain.line import Line, LineStatus, Prediction, SpeakerProfile, VoiceRef
from studio.domain.project import Job, JobKind, Project, Script, Source
from studio.domain.settings import Guidance, Settings
from studio.domain.timing import TimeSpan
from studio.domain.views import EngineStatus, LineDetail, LineRow, ProjectView
from studio.engines.protocols import VoiceInfo
from studio.jobs import JobRunner
from studio.media.probe import probe
from studio.review import build_rows, count, predictor, stand, voices_on_offer
from studio.script import import_targets, keep_script, keep_skipped, kept_skipped, read_lines
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

    def changes(self) -> dict[str, object]:
        given = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "clear"}
        return {name: value for name, value in given.items() if value is not None} | dict.fromkeys(self.clear)


class Studio:
    def __init__(self, shop: Workshop, runner: JobRunner, user: str) -> None:
        self._shop, self._runner, self.user = shop, runner, user

    def as_user(self, user: str) -> Studio:
        """The same studio, speaking for someone else."""
        return Studio(self._shop, self._runner, user)

    def close(self) -> None:
        self._runner.close()

    # projects

    def projects(self) -> tuple[ProjectView, ...]:
        return tuple(self._view(project) for project in self._shop.projects.list(self.user))

    def create_project(self, name: str, source_language: str, target_language: str) -> Project:
        source, target = _pair(source_language, target_language)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self._shop.projects.create(Project(uuid.uuid4().hex, self.user, _project_name(name), source, target, Settings(), created_at=now))

    def project(self, project_id: str) -> ProjectView:
        return self._view(self._own(project_id))

    def rename_project(self, project_id: str, name: str) -> Project:
        return self._shop.projects.update(replace(self._own(project_id), name=_project_name(name)))

    def delete_project(self, project_id: str) -> None:
        if job := self.active_job(project_id):
            self.cancel(job.id)
        self._shop.projects.delete(self._own(project_id).id, self.user)

    def update_settings(self, project_id: str, settings: Settings) -> Project:
        return self._shop.projects.update(replace(self._own(project_id), settings=settings))

    def set_languages(self, project_id: str, source_language: str, target_language: str) -> Project:
        source, target = _pair(source_language, target_language)
        return self._shop.projects.update(replace(self._own(project_id), source_language=source, target_language=target))

    def demo_project(self) -> Project:
        """The user's own copy of the demo; made on the first call."""
        from studio.demo import find_or_make_demo

        return find_or_make_demo(self, self._shop.demo)

    # what a project is made from

    def upload_media(self, project_id: str, path: Path, name: str) -> Project:
        """Copy a file into the store and make it the project's source. Raises BadMedia with the one right sentence."""
        project = self._own(project_id)
        info = probe(path, name=name, limits=self._shop.limits)
        source = Source(name, self._shop.blobs.put_file(path, suffix=_suffix(name)), info)
        settings = replace(project.settings, audio_track=next((track.index for track in info.audio if track.is_default), 0))
        return self._shop.projects.update(replace(project, source=source, settings=settings))

    def upload_bed(self, project_id: str, path: Path, name: str) -> Project:
        """A music-and-effects stem to mix over, instead of the ducked original."""
        project = self._own(project_id)
        if not probe(path, name=name, limits=self._shop.limits).audio:
            raise NotReady(f"“{name}” has no sound, so it cannot be the music-and-effects bed.")
        return self._shop.projects.update(replace(project, bed_blob=self._shop.blobs.put_file(path, suffix=_suffix(name))))

    def import_script(self, project_id: str, data: bytes, name: str, *, as_target: bool = False) -> Script:
        """Lines from a subtitle file: they replace the project's, or (as_target) give its lines their translation."""
        project = self._own(project_id)
        script = read_lines(self._shop, project, data, name)
        return import_targets(self._shop, project, script, by=self.user) if as_target else keep_script(self._shop, project, script)
