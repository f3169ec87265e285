"""What the desk's player and takes ask beside media: where the source speaks, a line's takes, and what regenerating would redo.

Part of `Desk`. Enter: plain values of a JSON body. Leave: views. A new verb is a method here and its name in `PLAYBACK_CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from studio.domain.bench import DeskPicture, MouthBoxes, TakeRecord
from studio.service import Studio
from studio.ui.desk_views import LipView
from studio.ui.guidance_present import take_card
from studio.ui.guidance_views import MadeView


@dataclass(frozen=True, slots=True)
class SpeechView:
    """Stretches of speech, (start, end) in ms; empty before anybody has listened that closely."""

    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TakeHistoryView:
    """One take in a line's history. `remainder_ms` > 0 spills over the slot; `made` None: a voice that does not see. `lips` None: nobody has
    scored it, `lips_why` says why it cannot be. `made_at`: UTC, ISO 8601."""

    id: str
    number: int
    made_at: str
    voice: str
    engine: str
    text: str
    note: str
    length_ms: int
    rate_ratio: float
    remainder_ms: int
    is_circled: bool
    is_missing: bool
    face_scale: float
    lip_scale: float
    made: MadeView | None = None
    lips: LipView | None = None
    lips_why: str = ""


@dataclass(frozen=True, slots=True)
class TakesView:
    line_id: str
    takes: tuple[TakeHistoryView, ...]


@dataclass(frozen=True, slots=True)
class RedoView:
    """What regenerating would redo. `is_nothing`: everything is up to date."""

    sentence: str
    is_nothing: bool


class PlaybackDesk:
    _studio: Studio
    _project_id: str

    def speech(self) -> SpeechView:
        return SpeechView(tuple((span.start_ms, span.end_ms) for span in self._studio.speech_spans(self._project_id)))

    def picture(self) -> DeskPicture:
        return self._studio.desk_picture(self._project_id)

    def mouths(self, line_id: str) -> MouthBoxes:
        return self._studio.mouth_boxes(self._project_id, line_id)

    def takes(self, line_id: str) -> TakesView:
        names = {one.id: one.name for one in self._studio.reference_voices(self._project_id)}
        return TakesView(line_id, tuple(_history_view(one, names) for one in self._studio.take_history(self._project_id, line_id)))

    def note_take(self, line_id: str, take_id: str, note: str) -> TakesView:
        self._studio.note_take(self._project_id, take_id, note)
        return self.takes(line_id)

    def regenerate_plan(self, line_ids: Sequence[str], *, words: bool = True) -> RedoView:
        plan = self._studio.regenerate_plan(self._project_id, line_ids, words=words)
        return RedoView(plan.sentence, plan.is_nothing)


def _history_view(record: TakeRecord, references: dict[str, str]) -> TakeHistoryView:
    take, report = record.take, record.take.report
    card = take_card(record.judged, record.number, take.id if record.is_circled else None, references)
    return TakeHistoryView(
        id=card.id,
        number=card.number,
        made_at=record.made_at,
        voice=card.voice,
        engine=card.engine,
        text=card.text,
        note=take.note,
        length_ms=card.length_ms,
        rate_ratio=report.rate_ratio,
        remainder_ms=report.remainder_ms,
        is_circled=card.is_circled,
        is_missing=record.is_missing,
        face_scale=card.face_scale,
        lip_scale=card.lip_scale,
        made=card.made,
        lips=card.lips,
        lips_why=card.why,
    )


PLAYBACK_CALLS: dict[str, Callable[..., Any]] = {
    "speech": PlaybackDesk.speech,
    "picture": PlaybackDesk.picture,
    "mouths": PlaybackDesk.mouths,
    "takes": PlaybackDesk.takes,
    "note_take": PlaybackDesk.note_take,
    "regenerate_plan": PlaybackDesk.regenerate_plan,
}
