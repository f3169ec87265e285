"""The verbs about lips: the curves of a line, and the sound's place against the picture. Part of `Studio`, the class to use.

Enter: ids and plain values, of the user's own projects only. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from studio.domain.errors import NotFound, NotReady
from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Line
from studio.domain.project import Cast, Project
from studio.domain.rights import Right
from studio.domain.settings import Settings
from studio.domain.sync import LineCurves
from studio.domain.timing import TimeSpan
from studio.media.wav import read_wav
from studio.review import programme_ms
from studio.stages.av_offset import AvOffset
from studio.stages.lines import HEARD
from studio.stages.sync import CurveParts, PlacedSound, at_speech_rate, line_curves, track_opening
from studio.steps.faces import archive_of, kept_faces, kept_presence
from studio.steps.run import NOTICE_STAGE
from studio.steps.speech import kept_speech, source_speech
from studio.steps.sync import kept_offset
from studio.store.changes import Action
from studio.store.lines import LineChange
from studio.store.stage_results import StageKey
from studio.workshop import Workshop

HANDLE_MS = 400  # shown before and after a line
NOT_LOOKED = LinePresence(Presence.UNKNOWN, None, 0.0, 0.0, 0.0, False, "Nobody has looked for faces in this picture yet.")
MOVED_SINCE = replace(NOT_LOOKED, why="This line was moved or added since faces were looked for; the next look or voicing brings it up to date.")


class LipVerbs:
    def __init__(self, shop: Workshop, user: str) -> None:
        self._shop, self.user = shop, user

    def curves(self, project_id: str, line_id: str) -> LineCurves:
        """Mouth opening, source and dub of one line on one time axis; what is not known yet is left empty, and says so."""
        project, shop = self._own(project_id), self._shop
        line = shop.lines.line(project.id, line_id)
        take = shop.lines.take(project.id, line.take_id) if line.take_id is not None else None
        dub = None
        if take is not None and shop.blobs.exists(take.fitted_blob):
            dub = PlacedSound(at_speech_rate(read_wav(shop.blobs.path(take.fitted_blob))), line.span.start_ms)
        span = _shown(line, dub, max(programme_ms(project, Cast((), (line,))), line.span.end_ms))
        faces, presence = kept_faces(shop, project), self._presence(project, line)
        opening = track_opening(archive_of(shop, faces) if faces is not None else None, presence.track_id, span)
        heard = kept_speech(shop, project)
        return line_curves(CurveParts(span, opening, source_speech(shop, heard, span), heard.spans, dub, presence.why))

    def sound_offset(self, project_id: str) -> AvOffset | None:
        """How far the programme's sound is early or late against its lips; None where nobody has looked on the sound as it is now."""
        return kept_offset(self._shop, self._own(project_id))

    def correct_offset(self, project_id: str) -> Project:
        """Play the source's sound where its lips are. Raises NotReady where no offset was found."""
        project = self._own(project_id)
        found = kept_offset(self._shop, project)
        if found is None or not found.is_off:
            raise NotReady("No offset between sound and lips was found, so there is nothing to correct; look for faces first.")
        return self.shift_sound(project_id, project.settings.sound_shift_ms + found.shift_ms)

    def shift_sound(self, project_id: str, shift_ms: int) -> Project:
        """Play the source's sound so much later than the file has it (negative: earlier). Lines that were heard in it move along;
        lines from a subtitle file stay where that file put them. Raises BadSetting beyond the limits."""
        project = self._own(project_id)
        moved_ms = shift_ms - project.settings.sound_shift_ms
        action = Action(self.user, "Sound moved against the picture", id=uuid.uuid4().hex)
        after = self._shop.projects.change(project_id, self.user, lambda now: replace(now, settings=_shifted(now.settings, shift_ms)), by=action)
        if moved_ms and self._shop.lines.import_format(project.id) == HEARD:
            self._move_lines(project, moved_ms, action)
        key = StageKey(project.id, NOTICE_STAGE, "av_offset", "")
        self._shop.results.put(key, None, seconds=0.0, peak_memory_mb=0)
        return after

    # within

    def _own(self, project_id: str) -> Project:
        """The project, to look at. Raises NotFound for one this person may not see."""
        return self._shop.projects.get(project_id, self.user)

    def _may(self, project_id: str, right: Right) -> Project:
        """The project, to do more with than look. Raises NotFound for one this person may not see, Forbidden for one they may only see."""
        return self._shop.projects.get(project_id, self.user, right)

    def rights(self, project_id: str) -> frozenset[Right]:
        """What this person may do with a project. Raises NotFound for one they may not see."""
        held = self._shop.projects.rights(project_id, self.user)
        if Right.READ not in held:
            raise NotFound("project", project_id)
        return held

    def own_rights(self) -> frozenset[Right]:
        """What this person may do before any project is named."""
        return self._shop.projects.own_rights(self.user)

    def require(self, right: Right) -> None:
        """For what belongs to no project: EDIT for making projects, ADMIN for running the studio. Raises Forbidden."""
        self._shop.projects.require(self.user, right)

    def _presence(self, project: Project, line: Line) -> LinePresence:
        known = kept_presence(self._shop, project, (line,)).get(line.id)
        if known is not None:
            return known
        return NOT_LOOKED if kept_faces(self._shop, project) is None else MOVED_SINCE

    def _move_lines(self, project: Project, by_ms: int, action: Action) -> None:
        cast = self._shop.lines.cast(project.id)
        end_ms = programme_ms(project, cast)
        moved = tuple(replace(line, span=span) for line in cast.lines if (span := _moved(line.span, by_ms, end_ms)) != line.span)
        self._shop.lines.change_lines(project.id, LineChange(revised=moved), by=action)


def _shifted(settings: Settings, shift_ms: int) -> Settings:
    return replace(settings, sound_shift_ms=shift_ms)


def _moved(span: TimeSpan, by_ms: int, end_ms: int) -> TimeSpan:
    """A span elsewhere, as long as before, kept inside the programme."""
    start_ms = max(0, min(span.start_ms + by_ms, end_ms - span.length_ms))
    return TimeSpan(start_ms, start_ms + span.length_ms)


def _shown(line: Line, dub: PlacedSound | None, end_ms: int) -> TimeSpan:
    last_ms = max(line.span.end_ms, dub.span.end_ms if dub is not None else 0)
    return TimeSpan(max(0, line.span.start_ms - HANDLE_MS), max(last_ms, min(last_ms + HANDLE_MS, end_ms)))
