"""What the line list asks for many lines at once: search and replace, bulk changes, scenes, a speaker taken away. Part of `Desk`.

Enter: plain values of a JSON body. Leave: views. A new verb is a method here and its name in `LIST_CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.line import LineStatus, VoiceRef
from studio.domain.settings import Guidance
from studio.service import Hit, LineEdit, Pick, SearchWish, Studio
from studio.ui.call_shapes import record
from studio.ui.desk_views import Reply

_PAGE_FIELDS = {"target": "target_text", "source": "source_text", "speaker": "speaker_name"}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place as the page shows it: what stands before it, it, what would stand there, and what stands after it up to the next."""

    lead: str
    found: str
    put: str


@dataclass(frozen=True, slots=True)
class HitView:
    subject_id: str
    field: str
    number: int
    speaker: str
    before: str
    places: tuple[PlaceView, ...]
    tail: str
    why_not: str
    is_approved: bool


@dataclass(frozen=True, slots=True)
class PreviewView:
    hits: tuple[HitView, ...]
    place_count: int
    sentence: str


@dataclass(frozen=True, slots=True)
class BulkReply:
    """What a change of many lines answers: the desk as it is now, how much was changed, and what was passed over, in sentences."""

    desk: Any
    changed_count: int
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkChange:
    """The same change for many lines, as the page sends it; None leaves a field. `voice` "" goes back to the speaker's voice.

    `own_guidance` False drops own scales, True sets those given on top of the project's; `shift_ms` moves the times."""

    line_ids: tuple[str, ...]
    status: LineStatus | None = None
    speaker_id: str | None = None
    voice: str | None = None
    own_guidance: bool | None = None
    face_scale: float | None = None
    lip_scale: float | None = None
    text_scale: float | None = None
    pause_scale: float | None = None
    shift_ms: int = 0


def words_seen(given: Any) -> dict[str, str] | None:
    """Translations by line id, as a page sends them. Raises BadSetting for anything else."""
    if given is not None and not (isinstance(given, dict) and all(isinstance(one, str) for one in given.values())):
        raise BadSetting("The words an approval is given to come as texts by line.")
    return given


class ListDesk:
    _studio: Studio
    _project_id: str
    _whole: Callable[[], Reply]
    _voice: Callable[[str], VoiceRef]

    def preview_replace(self, wish: Mapping[str, Any], places: Sequence[str], line_ids: Sequence[str] | None = None) -> PreviewView:
        """Every place a search is met in; `line_ids` None: in all lines."""
        strange = next((one for one in places if one not in _PAGE_FIELDS), None)
        if strange is not None or not places:
            raise BadSetting("Tick where to look: translations, sources or names of speakers.")
        found = self._studio.preview_replace(self._project_id, _wish(wish), [_PAGE_FIELDS[one] for one in places], line_ids)
        return PreviewView(tuple(_hit_view(hit) for hit in found.hits), sum(len(hit.places) for hit in found.hits), found.sentence)

    def replace(self, wish: Mapping[str, Any], picks: Sequence[Mapping[str, Any]]) -> BulkReply:
        """Replace the ticked places as one action."""
        if any(str(pick.get("field")) not in _PAGE_FIELDS for pick in picks):
            raise BadSetting("Tick places in translations, sources or names of speakers.")
        named = [record(Pick, {**pick, "field": _PAGE_FIELDS[str(pick["field"])]}) for pick in picks]
        if not named:
            raise BadSetting("Tick at least one place to replace.")
        done = self._studio.replace(self._project_id, _wish(wish), named)
        return BulkReply(self._whole().desk, done.place_count, done.passed_over)

    def revise_lines(self, change: BulkChange) -> BulkReply:
        done = self._studio.revise_lines(self._project_id, change.line_ids, self._bulk_edit(change), shift_ms=change.shift_ms)
        return BulkReply(self._whole().desk, done.changed_count, done.passed_over)

    def set_status(self, line_ids: Sequence[str], status: LineStatus, seen: Mapping[str, str] | None = None) -> BulkReply:
        """`seen`: the translations as the page shows them, by line id; an approval holds for those words."""
        done = self._studio.set_status(self._project_id, line_ids, LineStatus(status), seen=words_seen(seen))
        return BulkReply(self._whole().desk, done.changed_count, done.passed_over)

    def scene(self, line_id: str) -> dict[str, tuple[str, ...]]:
        return {"line_ids": self._studio.scene_line_ids(self._project_id, line_id)}

    def remove_speaker(self, speaker_id: str, into_id: str | None = None) -> Reply:
        self._studio.remove_speaker(self._project_id, speaker_id, into_id)
        return self._whole()

    def _bulk_edit(self, change: BulkChange) -> LineEdit:
        clear = ({"voice"} if change.voice == "" else set()) | ({"guidance"} if change.own_guidance is False else set())
        given = {item.name: value for item in fields(Guidance) if (value := getattr(change, item.name)) is not None}
        scales = replace(self._studio.project(self._project_id).project.settings.guidance, **given) if change.own_guidance else None
        return LineEdit(
            speaker_id=change.speaker_id,
            status=change.status,
            voice=self._voice(change.voice) if change.voice else None,
            guidance=scales,
            clear=frozenset(clear),
        )


def _wish(values: Mapping[str, Any]) -> SearchWish:
    return record(SearchWish, dict(values))


def _hit_view(hit: Hit) -> HitView:
    at, places = 0, []
    for place in hit.places:
        places.append(PlaceView(hit.before[at : place.start], hit.before[place.start : place.end], place.put))
        at = place.end
    page_name = next(name for name, field in _PAGE_FIELDS.items() if field == hit.field)
    return HitView(hit.subject_id, page_name, hit.number, hit.speaker, hit.before, tuple(places), hit.before[at:], hit.why_not, hit.is_approved)


LIST_CALLS: dict[str, Callable[..., Any]] = {
    "preview_replace": ListDesk.preview_replace,
    "replace": ListDesk.replace,
    "revise_lines": lambda desk, **values: desk.revise_lines(record(BulkChange, values)),
    "scene": ListDesk.scene,
    "remove_speaker": ListDesk.remove_speaker,
}
