"""Predicted speech time from edge-tts, the estimator of the SSPO paper (§1.4): online, exact for its own voices.

Text, language and voice in; speech and inner pauses in ms out, from the service's word times.
"""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate, VoiceRef
from studio.engines import edge_service
from studio.engines.duration_espeak import spoken_estimate
from studio.engines.edge_service import EdgeService
from studio.engines.espeak_text import has_speech
from studio.engines.estimate_memory import MEMORY_ENTRIES, EstimateMemory, EstimateShelf, Key
from studio.engines.protocols import Availability
from studio.engines.speaker_edge import EdgeSpeaker


class EdgeDuration:
    """DurationEstimator protocol; answers are kept, since each costs a conversation."""

    name = edge_service.NAME
    version = edge_service.VERSION
    licence = edge_service.LICENCE

    def __init__(self, service: EdgeService | None = None, *, shelf: EstimateShelf | None = None, memory_entries: int = MEMORY_ENTRIES) -> None:
        self._service = EdgeService() if service is None else service
        self._speaker = EdgeSpeaker(self._service)
        self._memory = EstimateMemory(self.name, self.version, shelf, entries=memory_entries)

    def available(self) -> Availability:
        return self._service.availability()

    def load(self) -> None:
        """Nothing is kept in memory."""

    def supports(self, language: str) -> Availability:
        if self._speaker.voices(language):
            return Availability(True, "ready")
        return Availability(False, f"edge-tts has no voice on offer for “{language}”.")

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        """As `estimate`, for texts that are worth keeping over restarts."""
        found = [self.estimate(text, language, voice) for text in texts]
        reference = self._reference(language, voice)
        self._memory.shelve({_key(text, reference): one for text, one in zip(texts, found, strict=True) if one.total_ms})
        return found

    def known(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate | None]:
        """As `estimate_many` of what the service has answered before; None for the others."""
        reference = self._reference(language, voice)
        found = self._memory.recall([_key(text, reference) for text in texts])
        return [found.get(_key(text, reference)) if has_speech(text) else Estimate(0, 0, self.name) for text in texts]

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        if not has_speech(text):
            return Estimate(0, 0, self.name)
        reference = self._reference(language, voice)
        key = _key(text, reference)
        known = self._memory.recall([key])
        if known:
            return known[key]
        fresh = spoken_estimate(self._service.speak(text, reference).words, self.name)
        if fresh.total_ms == 0:
            raise EngineFailed(self.name, f"its service gave no word times for “{text}”; choose another duration engine.")
        self._memory.remember({key: fresh})
        return fresh

    def _reference(self, language: str, voice: VoiceRef | None) -> VoiceRef:
        if voice is not None and voice.engine == edge_service.NAME:
            return voice
        offers = self._speaker.voices(language)
        if not offers:
            raise EngineFailed(self.name, f"it does not speak “{language}”; choose another duration engine.")
        return offers[0].ref


def _key(text: str, reference: VoiceRef) -> Key:
    return text, reference.voice, reference.rate_ratio, reference.pitch_ratio
