"""What the desk's player asks beside media: where the source speaks. Enter: plain values of a JSON body. Leave: views.

Part of `Desk`; a new verb is a method here and its name in `PLAYBACK_CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.service import Studio


@dataclass(frozen=True, slots=True)
class SpeechView:
    """Stretches of speech, (start, end) in ms; empty before anybody has listened that closely."""

    spans: tuple[tuple[int, int], ...]


class PlaybackDesk:
    _studio: Studio
    _project_id: str

    def speech(self) -> SpeechView:
        return SpeechView(tuple((span.start_ms, span.end_ms) for span in self._studio.speech_spans(self._project_id)))


PLAYBACK_CALLS: dict[str, Callable[..., Any]] = {
    "speech": PlaybackDesk.speech,
}
