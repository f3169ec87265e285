"""Predicted speech time from edge-tts, the estimator of the SSPO paper (§1.4): online, exact for its own voices.

Text, language and voice in; speech and inner pauses in ms out, from the service's word times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate, VoiceRef
from studio.engines import edge_service
from studio.engines.duration_espeak import spoken_estimate
from studio.engines.edge_service import EdgeService
from studio.engines.espeak_text import has_speech
from studio.engines.protocols import Availability
from studio.engines.speaker_edge import EdgeSpeaker

CACHE_ENTRIES = 20_000


class EdgeDuration:
    """DurationEstimator protocol; answers are kept, since each costs a conversation."""

    name = edge_service.NAME
    version = edge_service.VERSION
    licence = edge_service.LICENCE

    def __init__(self, service: EdgeService | None = None, *, cache_entries: int = CACHE_ENTRIES) -> None:
        self._service = EdgeService() if service is None else service
        self._speaker = EdgeSpeaker(self._service)
        self._known: OrderedDict[tuple[str, VoiceRef], Estimate] = OrderedDict()
        self._cache_entries = cache_entries
        self._lock = threading.Lock()

    def available(self) -> Availability:
        return self._service.availability()

    def load(self) -> None:
        """Nothing is kept in memory."""

    def supports(self, language: str) -> Availability:
        if self._speaker.voices(language):
            return Availability(True, "ready")
        return Availability(False, f"edge-tts has no voice on offer for “{language}”.")

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        return [self.estimate(text, language, voice) for text in texts]

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        if not has_speech(text):
            return Estimate(0, 0, self.name)
        key = (text, self._reference(language, voice))
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        fresh = spoken_estimate(self._service.speak(*key).words, self.name)
        if fresh.total_ms == 0:
            raise EngineFailed(self.name, f"its service gave no word times for “{text}”; choose another duration engine.")
        with self._lock:
            self._known[key] = fresh
            while len(self._known) > self._cache_entries:
                self._known.popitem(last=False)
        return fresh

    def _reference(self, language: str, voice: VoiceRef | None) -> VoiceRef:
        if voice is not None and voice.engine == edge_service.NAME:
            return voice
        offers = self._speaker.voices(language)
        if not offers:
            raise EngineFailed(self.name, f"it does not speak “{language}”; choose another duration engine.")
        return offers[0].ref
