"""The verbs on many lines at once, each one action: status, speaker, voice, scales, times; scenes to select by; a speaker taken away.
Part of `Studio`. Enter: ids and plain values. Leave: what was passed over, in sentences. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import Line, LineStatus
from studio.domain.project import Cast
from studio.domain.scene_cuts import scene_of
from studio.domain.timing import TimeSpan
from studio.line_verbs import LineEdit, LineVerbs, check_end
from studio.store.changes import Action

MAX_SHIFT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class BulkDone:
    """How many lines were changed, and why others were not."""

    changed_count: int
    passed_over: tuple[str, ...] = ()


class BulkVerbs(LineVerbs):
    def revise_lines(self, project_id: str, line_ids: Iterable[str], edit: LineEdit, *, shift_ms: int = 0) -> BulkDone:
        """The same change to many lines, and their times moved by `shift_ms`, as one action. Locked lines are passed over and told.

        Raises BadSetting for texts and spans (those differ from line to line), for a voice not on offer, for a speaker that is not here,
        and where a line would begin before 0; then nothing changes.
        """
        project = self._own(project_id)
        if edit.span is not None or edit.source_text is not None or edit.target_text is not None or edit.take_id is not None:
            raise BadSetting("Texts, spans and takes are given line by line; many lines share status, speaker, voice, scales and a shift.")
        if abs(shift_ms) > MAX_SHIFT_MS:
            raise BadSetting("Times can be moved by at most a day.")
        self._check_voice(project, edit.voice)
        cast = self._shop.lines.cast(project.id)
        if edit.speaker_id is not None and edit.speaker_id not in {one.id for one in cast.speakers}:
            raise NotFound("speaker", edit.speaker_id)
        numbers, wanted = {line.id: number for number, line in enumerate(cast.lines, start=1)}, tuple(dict.fromkeys(line_ids))
        locked: list[int] = []
        changed: list[str] = []

        def change(line: Line) -> Line:
            if line.status is LineStatus.LOCKED and (shift_ms or set(edit.asked()) != {"status"}):
                locked.append(numbers.get(line.id, 0))
                return line
            moved = replace(edit.applied_to(line, self._shop.limits), span=_shifted(line, shift_ms, numbers.get(line.id, 0)))
            if shift_ms > 0:
                check_end(moved.span.end_ms, self._shop.limits)
            if moved != line:
                changed.append(line.id)
            return moved

        changes: Mapping[str, Callable[[Line], Line]] = dict.fromkeys(wanted, change)
        self._shop.lines.edit_many(project.id, changes, by=Action(self.user, _title(edit, shift_ms, cast)))
        return BulkDone(len(changed), _locked_sentence(locked))

    def scene_line_ids(self, project_id: str, line_id: str) -> tuple[str, ...]:
        """The lines of the scene a line belongs to, in timeline order. Raises NotFound."""
        found = scene_of(self._shop.lines.cast(self._own(project_id).id).lines, line_id)
        if not found:
            raise NotFound("line", line_id)
        return tuple(line.id for line in found)

    def remove_speaker(self, project_id: str, speaker_id: str, into_id: str | None = None) -> None:
        """Take a speaker away, and give their lines to another. Raises NotReady where there are lines and nobody to take them."""
        project = self._own(project_id)
        if into_id is not None and into_id != speaker_id:
            speakers = {one.id: one.name for one in self._shop.lines.speakers(project.id)}
            if speaker_id not in speakers:
                raise NotFound("speaker", speaker_id)
            action = Action(self.user, f"Speaker “{speakers[speaker_id]}” removed", id=uuid.uuid4().hex)
            self._shop.lines.merge_speakers(project.id, (into_id, speaker_id), by=action)
            return
        if any(line.speaker_id == speaker_id for line in self._shop.lines.cast(project.id).lines):
            raise NotReady("This speaker still has lines; say who takes them.")
        self._shop.lines.delete_speaker(project.id, speaker_id, by=self.user)


def _shifted(line: Line, shift_ms: int, number: int) -> TimeSpan:
    start_ms = line.span.start_ms + shift_ms
    if start_ms < 0:
        raise BadSetting(f"Line {number} would begin before the programme does; move the lines by less.")
    return TimeSpan(start_ms, line.span.end_ms + shift_ms) if shift_ms else line.span


def _title(edit: LineEdit, shift_ms: int, cast: Cast) -> str:
    """What the history calls it."""
    if shift_ms:
        return f"{{lines}} moved by {shift_ms:+d} ms".replace("-", "−")
    if edit.speaker_id is not None:
        name = next((one.name for one in cast.speakers if one.id == edit.speaker_id), "")
        return f"{{lines}} given to “{name}”"
    return ""


def _locked_sentence(numbers: list[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    if len(numbers) == 1:
        return (f"Line {numbers[0]} is locked and was left as it is.",)
    return (f"{len(numbers)} lines are locked and were left as they are ({', '.join(str(one) for one in sorted(numbers)[:12])}{' …' if len(numbers) > 12 else ''}).",)
