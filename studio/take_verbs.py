"""The verbs about takes on the desk: a line's history of takes, notes on them, and what regenerating would redo. Part of `Studio`.

Enter: ids of the user's own projects. Leave: records of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

from collections.abc import Iterable

from studio import playback
from studio.bench_verbs import BenchVerbs
from studio.domain.bench import MouthBoxes, TakeRecord
from studio.domain.errors import BadSetting
from studio.domain.line import LineStatus, Take
from studio.domain.project import Project
from studio.domain.redo import RedoPlan
from studio.domain.views import LineRow
from studio.review import take_key, translator_for, voice_version
from studio.stages.mouth_boxes import looked_at_px, mouth_boxes
from studio.stages.voice import has_words
from studio.standing import Stood
from studio.steps.faces import LONGEST_PX, archive_of, kept_faces
from studio.steps.translate import is_own

MAX_NOTE_CHARS = 500


class TakeVerbs(BenchVerbs):
    def take_history(self, project_id: str, line_id: str) -> tuple[TakeRecord, ...]:
        """All takes of a line, newest first, numbered from the oldest, with their lip verdicts as far as they are known. Raises NotFound."""
        project = self._own(project_id)
        row = self._stood(project, at_once=True).row(line_id)
        takes, made = self._shop.lines.takes(project.id, line_id), self._shop.lines.take_times(project.id, line_id)
        judged = self._judged(project, row.line, row.presence, takes)
        blobs, count = self._shop.blobs, len(takes)
        return tuple(
            TakeRecord(one, count - at, made.get(one.take.id, ""), one.take.id == row.line.take_id, not blobs.exists(one.take.fitted_blob))
            for at, one in enumerate(judged)
        )

    def note_take(self, project_id: str, take_id: str, note: str) -> Take:
        """Write a note on a take; an empty one takes it away. Raises NotFound, BadSetting for an overlong note."""
        words = " ".join(note.split())
        if len(words) > MAX_NOTE_CHARS:
            raise BadSetting(f"A note on a take holds {MAX_NOTE_CHARS} characters; this one has {len(words)}. A note on the line can say more.")
        return self._shop.lines.note_take(self._own(project_id).id, take_id, words)

    def regenerate_plan(self, project_id: str, line_ids: Iterable[str], *, words: bool = True) -> RedoPlan:
        """What `regenerate` (with `words`: new wordings, then takes) or `revoice` of these lines would redo, from the fingerprints of what
        is there. Unknown lines are left out."""
        project = self._own(project_id)
        stood = self._stood(project, at_once=True)
        rows = [stood.rows[line_id] for line_id in dict.fromkeys(line_ids) if line_id in stood.rows]
        draws = words and translator_for(project, self._shop.engines) is not None
        found = [self._fate(project, stood, row, draws) for row in rows]
        sums = {name: sum(name in fate for fate in found) for name in ("wordings", "takes", "reused", "kept", "kept_words", "locked", "unvoiced")}
        is_changed = bool(sums["takes"] or sums["reused"])
        mixed = is_changed and project.source is not None and playback.render_state(self._shop, project).is_rendered
        return RedoPlan(len(rows), mix_ms=project.source.info.duration_ms if mixed and project.source is not None else 0, **sums)

    def mouth_boxes(self, project_id: str, line_id: str) -> MouthBoxes:
        """Where the speaker's mouth is on the picture while the line lasts; without boxes where no face is known to speak it."""
        project = self._own(project_id)
        row = self._stood(project, at_once=True).row(line_id)
        span = row.line.span
        faces, track_id = kept_faces(self._shop, project), row.presence.track_id if row.presence is not None else None
        video = project.source.info.video if project.source is not None else None
        archive = archive_of(self._shop, faces) if faces is not None else None
        if archive is None or track_id is None or video is None:
            return MouthBoxes(span.start_ms, ())
        try:
            return MouthBoxes(span.start_ms, mouth_boxes(archive, track_id, span, looked_at_px(video, LONGEST_PX)))
        finally:
            archive.close()

    # within

    def _fate(self, project: Project, stood: Stood, row: LineRow, draws: bool) -> frozenset[str]:
        """What becomes of one line, in the words of `RedoPlan`."""
        line = row.line
        if line.status is LineStatus.LOCKED:
            return frozenset({"locked"}) if row.take is not None else self._take_fate(project, stood, row)
        if not draws or not line.source_text.strip():
            return self._take_fate(project, stood, row)
        if line.target_text.strip() and is_own(line, self._shop.lines.candidates(project.id, line.id)):
            return self._take_fate(project, stood, row) | {"wordings", "kept_words"}
        return frozenset({"wordings", "takes"} if row.voice is not None else {"wordings", "unvoiced"})

    def _take_fate(self, project: Project, stood: Stood, row: LineRow) -> frozenset[str]:
        if row.voice is None or not has_words(row.line.target_text):
            return frozenset({"unvoiced"})
        if row.take is not None and not row.is_take_stale and self._shop.blobs.exists(row.take.fitted_blob):
            return frozenset({"kept"})
        told = stood.sights.told.get(row.line.id, (None,))[0]
        version = voice_version(project, self._shop.engines.named("speaker", row.voice.engine), row.line)
        key = take_key(project, row.line, row.slot, row.voice, version, told)
        before = self._shop.lines.takes_by_fingerprint(project.id, (key,)).get(key)
        is_there = before is not None and before.line_id == row.line.id and self._shop.blobs.exists(before.fitted_blob)
        return frozenset({"reused" if is_there else "takes"})
