"""The verbs of search and replace: look first, then replace what was ticked, as one action. Part of `Studio`.

Enter: a `SearchWish`, where to look, and picks of what a preview showed. Leave: records that name every place, and what was passed over.
Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from studio.domain.errors import BadSetting
from studio.domain.line import Line, LineStatus
from studio.domain.project import Cast
from studio.line_verbs import LineEdit, LineVerbs, clean_name
from studio.searching import Place, SearchWish, Searcher, replaced
from studio.store.changes import Action

TARGET, SOURCE, SPEAKER_NAME = "target_text", "source_text", "speaker_name"
FIELDS = (TARGET, SOURCE, SPEAKER_NAME)
MAX_HITS = 2000
TIME_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One text with places in it. `subject_id` is a line's id, or a speaker's where `field` is SPEAKER_NAME; `number` 0 for a speaker.
    `why_not`: a sentence where it would be passed over; `is_approved`: it may be replaced, but its words have been approved."""

    subject_id: str
    field: str
    number: int
    speaker: str
    before: str
    places: tuple[Place, ...]
    why_not: str = ""
    is_approved: bool = False


@dataclass(frozen=True, slots=True)
class ReplacePreview:
    """What a search found. `sentence`: why there is more than is listed, "" where this is all."""

    hits: tuple[Hit, ...]
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Places of a hit that were ticked, by their rank in the text, and the text they were seen in."""

    subject_id: str
    field: str
    before: str
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was done: ids of changed lines and speakers, how many places, and a sentence for each text that was passed over."""

    subject_ids: tuple[str, ...]
    place_count: int
    passed_over: tuple[str, ...] = ()


class ReplaceVerbs(LineVerbs):
    def preview_replace(self, project_id: str, wish: SearchWish, fields: Sequence[str] = (TARGET,), line_ids: Iterable[str] | None = None) -> ReplacePreview:
        """Every place the wish is met in, in timeline order, speakers first. `line_ids` None: all lines. Changes nothing."""
        if strange := set(fields) - set(FIELDS):
            raise BadSetting(f"One can search {', '.join(FIELDS)}, not {min(strange)}.")
        cast = self._shop.lines.cast(self._own(project_id).id)
        return _looked(cast, Searcher(wish), tuple(fields), None if line_ids is None else frozenset(line_ids))

    def replace(self, project_id: str, wish: SearchWish, picks: Sequence[Pick]) -> Replaced:
        """Replace the ticked places, as one action. A text that is not any more as it was seen, a locked line, and a line that would grow too
        long are passed over and told."""
        project = self._own(project_id)
        searcher, action = Searcher(wish), Action(self.user, f"“{wish.find}” replaced in {{lines}}", id=uuid.uuid4().hex)
        by_line: dict[str, list[Pick]] = {}
        for pick in picks:
            if pick.field != SPEAKER_NAME:
                by_line.setdefault(pick.subject_id, []).append(pick)
        told = _Told(self._numbers(project.id))
        edits = {key: lambda line, mine=tuple(mine): self._edited(line, mine, searcher, told) for key, mine in by_line.items()}
        found = self._shop.lines.edit_many(project.id, edits, by=action)
        told.gone(set(by_line) - found)
        names = [pick for pick in picks if pick.field == SPEAKER_NAME]
        renamed = Action(self.user, f"“{wish.find}” replaced in names of speakers", id=action.id) if not told.changed else action
        for pick in names:
            self._rename(project.id, pick, searcher, (renamed, told))
        return Replaced(tuple(dict.fromkeys(told.changed)), told.place_count, tuple(told.sentences))

    def _numbers(self, project_id: str) -> dict[str, int]:
        return {line.id: number for number, line in enumerate(self._shop.lines.cast(project_id).lines, start=1)}

    def _edited(self, line: Line, picks: Sequence[Pick], searcher: Searcher, told: _Told) -> Line:
        """The line with its ticked places replaced; itself where something stands against it."""
        given, many = {}, 0
        for pick in picks:
            text = getattr(line, pick.field)
            if text != pick.before:
                told.passed_over(line.id, "its text has been changed since you looked")
                continue
            places = _ticked(searcher.places(text), pick.ranks)
            given[pick.field] = replaced(text, places)
            many += len(places)
        if not given or not many:
            return line
        try:
            edited = LineEdit(**given).applied_to(line, self._shop.limits)
        except BadSetting as error:
            told.passed_over(line.id, "it is locked" if line.status is LineStatus.LOCKED else _lowered(str(error)))
            return line
        told.changed.append(line.id)
        told.place_count += many
        return edited

    def _rename(self, project_id: str, pick: Pick, searcher: Searcher, under: tuple[Action, _Told]) -> None:
        action, told = under
        speaker = next((one for one in self._shop.lines.speakers(project_id) if one.id == pick.subject_id), None)
        if speaker is None or speaker.name != pick.before:
            told.sentences.append(f"The speaker “{pick.before}” was passed over: the name has been changed since you looked.")
            return
        places = _ticked(searcher.places(speaker.name), pick.ranks)
        try:
            name = clean_name(replaced(speaker.name, places), "speaker")
        except BadSetting as error:
            told.sentences.append(f"The speaker “{pick.before}” was passed over: {_lowered(str(error))}.")
            return
        self._shop.lines.update_speaker(project_id, speaker.id, name=name, by=action)
        told.changed.append(speaker.id)
        told.place_count += len(places)


class _Told:
    """What one replacement did, collected while it is done."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self.changed: list[str] = []
        self.sentences: list[str] = []
        self.place_count = 0

    def passed_over(self, line_id: str, why: str) -> None:
        self.sentences.append(f"Line {self._numbers.get(line_id, '?')} was passed over: {why}.")

    def gone(self, line_ids: set[str]) -> None:
        if line_ids:
            self.sentences.append(f"{len(line_ids)} of the lines are gone since you looked." if len(line_ids) > 1 else "One of the lines is gone since you looked.")


def _looked(cast: Cast, searcher: Searcher, fields: tuple[str, ...], only: frozenset[str] | None) -> ReplacePreview:
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    hits: list[Hit] = []
    if SPEAKER_NAME in fields and only is None:
        hits += [Hit(one.id, SPEAKER_NAME, 0, one.name, one.name, places) for one in cast.speakers if (places := searcher.places(one.name))]
    until, many = monotonic() + TIME_LIMIT_S, sum(len(hit.places) for hit in hits)
    for number, line in enumerate(cast.lines, start=1):
        if only is not None and line.id not in only:
            continue
        if many >= MAX_HITS or monotonic() > until:
            return ReplacePreview(tuple(hits), f"There is more: the search stopped at line {number}. Replace these first, or search more narrowly.")
        for field in (TARGET, SOURCE):
            text = getattr(line, field)
            if field in fields and (places := searcher.places(text)):
                why_not = "This line is locked; unlock it first." if line.status is LineStatus.LOCKED else ""
                hits.append(Hit(line.id, field, number, names[line.speaker_id], text, places, why_not, line.status is LineStatus.APPROVED))
                many += len(places)
    return ReplacePreview(tuple(hits))


def _ticked(places: tuple[Place, ...], ranks: Sequence[int]) -> tuple[Place, ...]:
    return tuple(place for rank, place in enumerate(places) if rank in ranks)


def _lowered(sentence: str) -> str:
    """A sentence as the end of another."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")
