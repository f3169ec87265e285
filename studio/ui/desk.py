"""What the line desk asks of the studio: rows out (whole, or only what changed), small edits in. No Gradio, no HTTP.

The desk keeps its own rows in the browser; `DeskFeed` remembers what each revision looked like, so that news is a delta.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from threading import Lock
from typing import Any

from studio.domain.errors import BadSetting, Forbidden, NotReady
from studio.domain.line import VoiceRef
from studio.domain.project import JobKind
from studio.domain.recent import Recent
from studio.domain.rights import Right
from studio.domain.settings import Guidance
from studio.domain.terms import read_terms
from studio.domain.timebase import timebase_of
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.service import LineEdit, Studio
from studio.ui import desk_present, lip_present, present
from studio.ui.desk_views import CurvesView, DeskRow, DeskView, FitView, HouseView, PanelView, Reply, SpeakerView, VoiceOption
from studio.ui.guidance_desk import GuidanceDesk
from studio.ui.handover_desk import HandoverDesk
from studio.ui.history_desk import HistoryDesk, beginning
from studio.ui.list_desk import ListDesk
from studio.ui.members_desk import MembersDesk
from studio.ui.notes_desk import NotesDesk
from studio.ui.shows_desk import ShowsDesk
from studio.ui.playback_desk import PlaybackDesk

KEPT_LINES = 32_000  # of all projects, as they were shown last
KEPT_PRINTS = 256_000  # numbers, of all revisions that a page may still have
MASK = 2**64 - 1

_REFUSALS = {  # by the most that is held
    Right.EDIT: "You may work on this project; only its owner can share it.",
    Right.NOTE: "You may only look at this project and write notes on it; its owner can give you more.",
    Right.READ: "You may only look at this project; its owner can give you more.",
}

Drawn = dict[str, tuple[LineRow, DeskRow, int]]  # by line id: a row, how it is shown, and the hash of that


def _weight(by_line: Sized) -> int:
    """In lines, and one for itself."""
    return 1 + len(by_line)


class DeskFeed:
    """Row hashes of recent revisions (good for this process only), shared by all pages; a revision that fell out is simply sent whole.
    Rows as they were shown last are kept as well: the studio hands out the same row again while nothing about it has changed."""

    def __init__(self) -> None:
        self._seen: Recent[str, dict[str, int]] = Recent(_weight, KEPT_PRINTS)
        self._drawn: Recent[str, Drawn] = Recent(_weight, KEPT_LINES)
        self._lock = Lock()

    def drawn(self, project_id: str, rows: Sequence[LineRow]) -> Drawn:
        """Every row as it is shown, made anew only where it is another than before."""
        with self._lock:
            before = self._drawn.get(project_id) or {}
        found: Drawn = {}
        for row in rows:
            kept = before.get(row.line.id)
            if kept is None or kept[0] is not row:
                shown = desk_present.desk_row(row)
                kept = (row, shown, hash(shown))
            found[row.line.id] = kept
        with self._lock:
            self._drawn.put(project_id, found)
        return found

    def changed(self, since: str, prints: dict[str, int]) -> frozenset[str] | None:
        """Ids of rows that differ from revision `since`; None when it is not known any more."""
        with self._lock:
            before = self._seen.get(since)
        if before is None:
            return None
        return frozenset(line_id for line_id, mark in prints.items() if before.get(line_id) != mark)

    def keep(self, key: str, prints: dict[str, int]) -> None:
        with self._lock:
            self._seen.put(key, prints)


@dataclass(frozen=True, slots=True)
class Revision:
    """A change to one line as the desk sends it; None leaves a field. `voice` "" goes back to the speaker's voice.

    `own_guidance` False drops the line's own scales; True sets them from the four numbers (a scale left out is the project's).
    `base`: the values it began from, by the same names; what was changed since is not overwritten but answered as a conflict.
    `change_id`: made by the page for one stretch of typing, so that it is one action however often it is stored.
    """

    line_id: str
    source: str | None = None
    target: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    speaker_id: str | None = None
    voice: str | None = None
    take_id: str | None = None
    own_guidance: bool | None = None
    face_scale: float | None = None
    lip_scale: float | None = None
    text_scale: float | None = None
    pause_scale: float | None = None
    base: dict[str, Any] | None = None
    change_id: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page has when it asks for something: the revision of its rows, and the rows it has taken from answers since then."""

    revision: str = ""
    also: tuple[str, ...] = ()


NOTHING_SEEN = Seen()


class Desk(ListDesk, HistoryDesk, MembersDesk, NotesDesk, ShowsDesk, HandoverDesk, GuidanceDesk, PlaybackDesk):
    """Verbs of the desk for one user and one project."""

    def __init__(self, studio: Studio, project_id: str, feed: DeskFeed, seen: Seen = NOTHING_SEEN) -> None:
        self._studio, self._project_id, self._feed, self._seen = studio, project_id, feed, seen

    def check(self, right: Right) -> None:
        """Raises NotFound for a project that may not be seen, Forbidden for a right this person lacks."""
        if right not in (held := self._studio.rights(self._project_id)):
            raise Forbidden(_REFUSALS[next(one for one in _REFUSALS if one in held)])

    def moment(self) -> AbstractContextManager[None]:
        """What is asked inside is answered from one moment."""
        return self._studio.moment()

    def view(self, since: str = "", also: frozenset[str] = frozenset()) -> DeskView:
        """All rows, or those that differ from revision `since`, and always those in `also`: rows the page has taken from
        the answers to edits since then, so that one that went back to what it was is sent again."""
        cast = self._studio.cast(self._project_id)
        project, settings = cast.project, cast.project.settings
        drawn = self._feed.drawn(self._project_id, self._studio.rows(self._project_id, at_once=True))
        rows, prints = [shown for _, shown, _ in drawn.values()], {line_id: mark for line_id, (_, _, mark) in drawn.items()}
        revision = f"{hash((self._project_id, tuple(prints.items()), cast.speakers, settings, cast.follows_instructions)) & MASK:016x}"
        changed = self._feed.changed(since, prints)
        self._feed.keep(revision, prints)
        source = project.source
        rights = sorted(self._studio.rights(self._project_id))
        return DeskView(
            project_id=self._project_id,
            revision=revision,
            is_whole=changed is None,
            order=tuple(prints),
            rows=tuple(rows) if changed is None else tuple(row for row in rows if row.id in changed | also),
            speakers=tuple(
                SpeakerView(one.id, one.name, desk_present.voice_key(one.voice) if one.voice is not None else "")
                for one in cast.speakers
            ),
            voices=tuple(VoiceOption(desk_present.voice_key(voice.ref), voice.label) for voice in self._studio.voices(self._project_id)),
            fps=float(timebase_of(source.info if source is not None else None).fps),
            length_ms=source.info.duration_ms if source is not None else max((row.end_ms for row in rows), default=0),
            rights=tuple(rights),
            has_media=source is not None,
            has_picture=source is not None and source.info.video is not None,
            max_ratio=settings.fit.max_ratio,
            source_language=project.source_language,
            target_language=project.target_language,
            guidance=settings.guidance,
            follows_instructions=cast.follows_instructions,
            instruction_sentence="" if cast.follows_instructions else desk_present.NO_INSTRUCTIONS,
            measuring=sum(row.is_measuring for row in rows),
            blocked=self._studio.blocked_lines(self._project_id, [row for row, _, _ in drawn.values()]),
            start_hour=settings.handover.start_hour,
        )

    def panel(self, line_id: str) -> PanelView:
        detail = self._studio.line(self._project_id, line_id)
        line = detail.row.line
        takes = tuple(desk_present.take_view(one, line) for one in detail.takes)
        candidates = desk_present.candidate_views(detail.candidates, line)
        return PanelView(desk_present.desk_row(detail.row), candidates, takes, lip_present.lip_panel(detail.row))

    def curves(self, line_id: str) -> CurvesView:
        """Mouth and both voices of one line on one time axis; asked for one line at a time."""
        return lip_present.curves_view(line_id, self._studio.curves(self._project_id, line_id))

    def predict(self, line_id: str, text: str) -> FitView | None:
        prediction = self._studio.predict(self._project_id, line_id, text)
        return desk_present.fit_view(prediction) if prediction is not None else None

    def revise(self, change: Revision) -> Reply:
        """Durable when it returns. Times move other lines' slots, so they answer with the whole desk."""
        edit = self._edit(change)
        revised = self._studio.revise_from(self._project_id, change.line_id, edit, beginning(change.base, change.change_id))
        conflict = self.conflict_views(change.line_id, revised.conflicts)
        if revised.row is None or (edit.span is not None and not conflict):
            return replace(self._whole(), conflict=conflict)
        return replace(self._one(revised.row), conflict=conflict)

    def pick(self, line_id: str, candidate_id: str) -> Reply:
        return self._one(self._studio.pick_candidate(self._project_id, line_id, candidate_id))

    def add(self, start_ms: int, end_ms: int) -> Reply:
        row = self._studio.add_line(self._project_id, start_ms, end_ms)
        return replace(self._whole(), row=desk_present.desk_row(row))

    def delete(self, line_ids: Sequence[str]) -> Reply:
        self._studio.delete_lines(self._project_id, line_ids)
        return self._whole()

    def split(self, line_id: str, at_ms: int) -> Reply:
        self._studio.split_line(self._project_id, line_id, at_ms)
        return self._whole()

    def merge(self, line_ids: Sequence[str]) -> Reply:
        if len(line_ids) < 2:
            raise NotReady("Select two or more neighbouring lines to merge them.")
        row = self._studio.merge_lines(self._project_id, line_ids)
        return replace(self._whole(), row=desk_present.desk_row(row))

    def regenerate(self, line_ids: Sequence[str], *, over_budget: bool, instruction: str = "") -> Reply:
        job = self._studio.regenerate(self._project_id, line_ids, over_budget=over_budget, instruction=instruction)
        return Reply(job=present.job_view(job))

    def submit(self, kind: JobKind) -> Reply:
        return Reply(job=present.job_view(self._studio.submit(self._project_id, JobKind(kind))))

    def rename_speaker(self, speaker_id: str, name: str) -> Reply:
        self._studio.rename_speaker(self._project_id, speaker_id, name)
        return self._whole()

    def set_speaker_voice(self, speaker_id: str, voice: str) -> Reply:
        self._studio.set_speaker_voice(self._project_id, speaker_id, self._voice(voice) if voice else None)
        return self._whole()

    def merge_speakers(self, speaker_ids: Sequence[str]) -> Reply:
        self._studio.merge_speakers(self._project_id, speaker_ids)
        return self._whole()

    def split_speaker(self, speaker_id: str, line_ids: Sequence[str], name: str) -> Reply:
        self._studio.split_speaker(self._project_id, speaker_id, line_ids, name)
        return self._whole()

    # names and terms, and learning from the desk

    def house(self) -> HouseView:
        return desk_present.house_view(self._studio.project(self._project_id))

    def set_terms(self, text: str) -> HouseView:
        """Keep the terms that can be read; the others come back as complaints, row by row."""
        read = read_terms(text)
        self._studio.set_terms(self._project_id, read.pairs)
        return replace(self.house(), complaints=read.complaints)

    def set_learning(self, keep: bool) -> HouseView:
        self._studio.set_learning(self._project_id, keep)
        return self.house()

    def forget_choices(self) -> HouseView:
        self._studio.forget_choices(self._project_id)
        return self.house()

    # within

    def _one(self, row: LineRow) -> Reply:
        return Reply(row=desk_present.desk_row(row))

    def _whole(self) -> Reply:
        """All that the page does not have yet, as at one moment after the write."""
        with self.moment():
            return Reply(desk=self.view(self._seen.revision, frozenset(self._seen.also)))

    def _voice(self, key: str) -> VoiceRef:
        found = next((voice.ref for voice in self._studio.voices(self._project_id) if desk_present.voice_key(voice.ref) == key), None)
        if found is None:
            raise BadSetting(f"The voice “{key}” is not on offer for this language; choose another from the list.")
        return found

    def _edit(self, change: Revision) -> LineEdit:
        clear = {"voice"} if change.voice == "" else set()
        if change.own_guidance is False:
            clear.add("guidance")
        return LineEdit(
            source_text=change.source,
            target_text=change.target,
            span=self._span(change),
            speaker_id=change.speaker_id,
            voice=self._voice(change.voice) if change.voice else None,
            guidance=self._own_scales(change) if change.own_guidance else None,
            take_id=change.take_id,
            clear=frozenset(clear),
        )

    def _own_scales(self, change: Revision) -> Guidance:
        given = {item.name: value for item in fields(Guidance) if (value := getattr(change, item.name)) is not None}
        return replace(self._studio.project(self._project_id).project.settings.guidance, **given)

    def _span(self, change: Revision) -> TimeSpan | None:
        if change.start_ms is None or change.end_ms is None:
            return None
        if change.end_ms <= change.start_ms or change.start_ms < 0:
            raise BadSetting("A line must start at 0 or later and end after its start; check its in and out times.")
        return TimeSpan(change.start_ms, change.end_ms)
