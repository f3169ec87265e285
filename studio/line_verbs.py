"""The verbs about single lines, their wordings, and who speaks them. `Studio` is the class to use; this is one part of it.

Enter: ids and plain values, of the user's own projects only. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from studio.domain import cutting
from studio.domain.drawn_pauses import drawn_pauses
from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import Line, LineStatus, Prediction, SpeakerProfile, VoiceRef
from studio.domain.preference import plain
from studio.domain.project import Project
from studio.domain.settings import Guidance, Limits
from studio.domain.timing import TimeSpan
from studio.domain.views import LineDetail, LineRow
from studio.engines.voice_protocols import VoiceInfo
from studio.lip_verbs import LipVerbs
from studio.preferences import watched
from studio.review import programme_ms, resolve_voices, voices_on_offer
from studio.script import UNNAMED_SPEAKER, speaker_at
from studio.stages.timing import slots
from studio.standing import Stood
from studio.store.changes import Action
from studio.store.lines import Follow

MAX_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Changes to one line: None leaves a field as it is; a name in `clear` empties it (voice, guidance, take_id, pauses)."""

    source_text: str | None = None
    target_text: str | None = None
    span: TimeSpan | None = None
    speaker_id: str | None = None
    status: LineStatus | None = None
    voice: VoiceRef | None = None
    guidance: Guidance | None = None
    take_id: str | None = None
    pauses: tuple[TimeSpan, ...] | None = None
    clear: frozenset[str] = frozenset()

    def asked(self) -> dict[str, Any]:
        """What it asks for, by field of Line; a field to be emptied with None."""
        given = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "clear"}
        return {name: value for name, value in given.items() if value is not None} | dict.fromkeys(self.clear)

    def applied_to(self, line: Line, limits: Limits) -> Line:
        """Typing a translation makes a draft an adapted line. Raises BadSetting for a locked line or an overlong text."""
        changes = self.asked()
        if line.status is LineStatus.LOCKED and changes and set(changes) != {"status"}:
            raise BadSetting("This line is locked; unlock it before you change it.")
        for text in (self.source_text, self.target_text):
            if text is not None and len(text) > limits.max_text_chars:
                raise BadSetting(f"A line can hold {limits.max_text_chars} characters; this text has {len(text)}. Split the line.")
        if self.span is not None:
            check_end(self.span.end_ms, limits)
        is_adapted = self.target_text is not None and self.target_text != line.target_text and line.status is LineStatus.DRAFT
        return replace(line, **({"status": LineStatus.ADAPTED} if is_adapted else {}) | changes)


@dataclass(frozen=True, slots=True)
class Revising:
    """How an edit is written: as part of which action, whether it picks a listed wording, what of it may be written over the line as it
    stands (None: all), and what else belongs to the transaction."""

    action: Action
    is_pick: bool = False
    narrowed: Callable[[Line, LineEdit], LineEdit] | None = None
    follow: Follow | None = None


class LineVerbs(LipVerbs):
    # lines

    def rows(self, project_id: str, *, at_once: bool = False) -> tuple[LineRow, ...]:
        """One per line in timeline order. `at_once`: texts nobody has timed yet are not waited for; their rows say so, and a later call
        has them."""
        return tuple(self._stood(self._own(project_id), at_once=at_once).rows.values())

    def line(self, project_id: str, line_id: str) -> LineDetail:
        row = self._row(project_id, line_id)
        candidates = self._shop.lines.candidates(project_id, line_id)
        return LineDetail(row, candidates, self._shop.lines.takes(project_id, line_id))

    def predict(self, project_id: str, line_id: str, text: str) -> Prediction | None:
        """Hold a text against its line while it is being typed; nothing is stored."""
        stood = self._shop.standings.look(self._shop, self._own(project_id), at_once=True, is_glance=True)
        return stood.predict(line_id, text[: self._shop.limits.max_text_chars])

    def revise_line(self, project_id: str, line_id: str, edit: LineEdit, *, change_id: str | None = None) -> LineRow:
        """Durable when it returns. A locked line takes nothing but another status. `change_id`: the action it goes on with."""
        return self._revise(self._own(project_id), line_id, edit, Revising(Action(self.user, id=change_id)))

    def pick_candidate(self, project_id: str, line_id: str, candidate_id: str) -> LineRow:
        """Take one of the wordings listed for the line."""
        project = self._own(project_id)
        found = next((one for one in self._shop.lines.candidates(project.id, line_id) if one.id == candidate_id), None)
        if found is None:
            raise NotFound("candidate", candidate_id)
        return self._revise(project, line_id, LineEdit(target_text=found.text), Revising(Action(self.user, "Wording of {line}"), is_pick=True))

    def add_line(self, project_id: str, start_ms: int, end_ms: int) -> LineRow:
        """An empty line to type in, spoken by whoever speaks the line before it."""
        project = self._own(project_id)
        if not 0 <= start_ms < end_ms:
            raise BadSetting("A line must start at 0 or later and end after its start.")
        check_end(end_ms, self._shop.limits)
        cast, action = self._shop.lines.cast(project.id), Action(self.user, id=uuid.uuid4().hex)
        speaker = speaker_at(cast, start_ms)
        if speaker is None:
            speaker = SpeakerProfile(uuid.uuid4().hex, UNNAMED_SPEAKER)
            self._shop.lines.add_speaker(project.id, speaker, by=action)
        line = Line(uuid.uuid4().hex, TimeSpan(start_ms, end_ms), speaker.id, "")
        self._shop.lines.add_lines(project.id, (line,), by=action)
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
        self._shop.lines.update_speaker(self._own(project_id).id, speaker_id, name=clean_name(name, "speaker"), by=self.user)

    def set_speaker_voice(self, project_id: str, speaker_id: str, voice: VoiceRef | None) -> None:
        self._check_voice(self._own(project_id), voice)
        self._shop.lines.set_speaker_voice(project_id, speaker_id, voice, by=self.user)

    def merge_speakers(self, project_id: str, speaker_ids: Sequence[str]) -> None:
        """All lines of these speakers go to the first of them. Raises NotReady for fewer than two."""
        if len(set(speaker_ids)) < 2:
            raise NotReady("Select two or more speakers to merge them.")
        self._shop.lines.merge_speakers(self._own(project_id).id, tuple(speaker_ids), by=self.user)

    def split_speaker(self, project_id: str, speaker_id: str, line_ids: Iterable[str], name: str) -> SpeakerProfile:
        """Give some lines of a speaker to a new one."""
        new = SpeakerProfile(uuid.uuid4().hex, clean_name(name, "speaker"))
        return self._shop.lines.split_speaker(self._own(project_id).id, speaker_id, tuple(line_ids), new, by=self.user)

    def voices(self, project_id: str) -> tuple[VoiceInfo, ...]:
        project = self._own(project_id)
        return voices_on_offer(project, self._shop.engines, self._shop.lines.reference_voices(project.id))

    # within

    def _revise(self, project: Project, line_id: str, edit: LineEdit, how: Revising) -> LineRow:
        self._check_voice(project, edit.voice)
        if edit.take_id is not None:
            edit = self._circled(project, line_id, edit)
        if edit.pauses is not None:
            edit = self._paused(project, line_id, edit)
        watch = watched(self._shop, project, line_id, by=self.user, is_pick=how.is_pick) if edit.target_text is not None else None

        def follow(connection: Any, before: Line, after: Line) -> None:
            for each in (watch, how.follow):
                if each is not None:
                    each(connection, before, after)

        def change(line: Line) -> Line:
            return (edit if how.narrowed is None else how.narrowed(line, edit)).applied_to(line, self._shop.limits)

        self._shop.lines.edit(project.id, line_id, change, by=how.action, follow=follow)
        row = self._row(project.id, line_id)
        if watch is not None and row.prediction is not None:
            self._shop.preferences.time(project.id, line_id, plain(row.line.target_text), row.prediction.estimate.total_ms)
        return row

    def _paused(self, project: Project, line_id: str, edit: LineEdit) -> LineEdit:
        """Pauses as they are kept: in order and joined; none at all is the source's again. Raises BadSetting where they do not fit the line."""
        cast = self._shop.lines.cast(project.id)
        slot = slots(cast.lines, project.settings.timing, programme_ms(project, cast)).get(line_id)
        if slot is None:
            raise NotFound("line", line_id)
        pauses = drawn_pauses([(span.start_ms, span.end_ms) for span in edit.pauses or ()], slot.length_ms)
        return replace(edit, pauses=pauses) if pauses else replace(edit, pauses=None, clear=edit.clear | {"pauses"})

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
        offered = {(info.ref.engine, info.ref.voice) for info in self.voices(project.id)}
        if (voice.engine, voice.voice) not in offered:
            raise BadSetting(f"There is no voice “{voice.voice}” of {voice.engine} for {project.target_language} here; choose one from the list.")

    def _row(self, project_id: str, line_id: str) -> LineRow:
        return self._stood(self._own(project_id), at_once=True).row(line_id)

    def _stood(self, project: Project, *, at_once: bool) -> Stood:
        """Looked at once for each question (`Studio.moment`)."""
        return self._shop.projects.once(("stood", project.id, at_once), lambda: self._shop.standings.look(self._shop, project, at_once=at_once))


def check_end(end_ms: int, limits: Limits) -> None:
    """Raises BadSetting for a time that is a slip of the hand, and would make a programme of years."""
    if end_ms > limits.max_line_end_ms:
        raise BadSetting(f"A line must end within the first {limits.max_line_end_ms // 3_600_000} hours; check its in and out times.")


def clean_name(name: str, what: str) -> str:
    """A name fit to show: trimmed, of one line. Raises BadSetting for an empty or overlong one."""
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME_CHARS or not clean.isprintable():
        raise BadSetting(f"A {what} needs a name of 1 to {MAX_NAME_CHARS} visible characters.")
    return clean
