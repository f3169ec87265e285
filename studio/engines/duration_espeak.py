"""Predicted speech time from espeak-ng's phone timings: offline, a few ms per line, many languages.

Text, language and voice in; speech and inner pauses in ms out. Another voice's own pace is learnt with `calibrate` from
takes already made and applied by an estimator that `calibrated` returns; what was measured stays in its `EstimateMemory`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from statistics import median

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate, Take, VoiceRef
from studio.engines import espeak_pool
from studio.engines.espeak_pool import EspeakPool
from studio.engines.espeak_text import has_speech, within_limit
from studio.engines.estimate_memory import MEMORY_ENTRIES, EstimateMemory, EstimateShelf, Key
from studio.engines.protocols import Availability
from studio.engines.voice_protocols import Mark
from studio.engines.speaker_espeak import espeak_availability, espeak_request, espeak_voices

MIN_PAUSE_MS = 60  # shorter silences are the closures of plosives, part of speech
MIN_PAIRS_FOR_OFFSET, MIN_SPREAD_RATIO, MAX_OFFSET_MS = 8, 2.0, 300
MOST_PAIRS = 300  # slopes are taken between all pairs: more takes than this teach nothing new
_SCALE_LIMITS = (0.4, 2.5)


@dataclass(frozen=True, slots=True)
class Calibration:
    """actual_ms ≈ scale · predicted_ms + offset_ms, learnt from `count` takes of one voice."""

    scale: float = 1.0
    offset_ms: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class PacePair:
    """What was predicted for a take without calibration, and how long its speech and inner pauses really were."""

    predicted_ms: int
    actual_ms: int


def calibrate(pairs: Sequence[PacePair]) -> Calibration:
    """Robust line through takes of one voice: the median ratio, or, from eight takes of well spread lengths on, a
    Theil–Sen slope with a small offset (a larger one is no property of a voice). No takes: the identity."""
    usable = [pair for pair in pairs if pair.predicted_ms > 0 and pair.actual_ms > 0]
    if not usable:
        return Calibration()
    lengths = [pair.predicted_ms for pair in usable]
    if len(usable) >= MIN_PAIRS_FOR_OFFSET and max(lengths) >= MIN_SPREAD_RATIO * min(lengths):
        scale = _within_limits(median(_slopes(usable)))
        offset_ms = median(pair.actual_ms - scale * pair.predicted_ms for pair in usable)
        if abs(offset_ms) <= MAX_OFFSET_MS:
            return Calibration(scale, offset_ms, len(usable))
    return Calibration(_within_limits(median(pair.actual_ms / pair.predicted_ms for pair in usable)), 0.0, len(usable))


def _slopes(pairs: Sequence[PacePair]) -> list[float]:
    """Slopes between all pairs of unlike length; there is at least one."""
    ordered = _spread(sorted(pairs, key=lambda pair: pair.predicted_ms))
    return [
        (long.actual_ms - short.actual_ms) / (long.predicted_ms - short.predicted_ms)
        for index, short in enumerate(ordered)
        for long in ordered[index + 1 :]
        if long.predicted_ms > 1.2 * short.predicted_ms
    ]


def _spread(ordered: Sequence[PacePair]) -> Sequence[PacePair]:
    """At most MOST_PAIRS of them, evenly over all lengths."""
    count = len(ordered)
    return ordered if count <= MOST_PAIRS else [ordered[index * (count - 1) // (MOST_PAIRS - 1)] for index in range(MOST_PAIRS)]


def _within_limits(scale: float) -> float:
    low, high = _SCALE_LIMITS
    return min(max(scale, low), high)


def spoken_estimate(phones: Sequence[Mark], engine: str) -> Estimate:
    """Speech and inner pauses of timed phones; silence before the first and after the last phone is left out."""
    spoken = [index for index, phone in enumerate(phones) if phone.symbol]
    if not spoken:
        return Estimate(0, 0, engine)
    inner = phones[spoken[0] : spoken[-1] + 1]
    pause_ms = sum(phone.end_ms - phone.start_ms for phone in inner if not phone.symbol and phone.end_ms - phone.start_ms >= MIN_PAUSE_MS)
    return Estimate(inner[-1].end_ms - inner[0].start_ms - pause_ms, pause_ms, engine)


def _total(parts: Sequence[Estimate], engine: str) -> Estimate:
    return Estimate(sum(part.speech_ms for part in parts), sum(part.pause_ms for part in parts), engine)


class EspeakDuration:
    """DurationEstimator protocol. `calibrations` by (engine, voice) of a VoiceRef."""

    name = espeak_pool.NAME
    version = f"{espeak_pool.VERSION}-1"
    licence = espeak_pool.LICENCE

    def __init__(self, pool: EspeakPool | None = None, *, shelf: EstimateShelf | None = None, memory_entries: int = MEMORY_ENTRIES) -> None:
        self._pool = EspeakPool() if pool is None else pool
        self._memory = EstimateMemory(self.name, self.version, shelf, entries=memory_entries)
        self._calibrations: Mapping[tuple[str, str], Calibration] = {}

    def calibrated(self, calibrations: Mapping[tuple[str, str], Calibration]) -> EspeakDuration:
        """An estimator with the same workers and memory that applies these calibrations."""
        other = EspeakDuration(self._pool)
        other._memory, other._calibrations = self._memory, dict(calibrations)
        return other

    def paced_by(self, takes: Sequence[Take], language: str) -> EspeakDuration:
        """An estimator that knows the pace of every voice heard in `takes`. espeak's own voices need none: they are timed as
        they are."""
        by_voice: dict[tuple[str, str], list[Take]] = {}
        for take in takes:
            if take.voice.engine != self.name:
                by_voice.setdefault((take.voice.engine, take.voice.voice), []).append(take)
        return self.calibrated({key: self._pace(own, language) for key, own in by_voice.items()}) if by_voice else self

    def _pace(self, takes: Sequence[Take], language: str) -> Calibration:
        plain = self.calibrated({})
        pairs = []
        for voice in dict.fromkeys(take.voice for take in takes):  # the same voice at another rate is asked for apart
            own = [take for take in takes if take.voice == voice]
            found = plain.estimate_many([take.text for take in own], language, voice)
            pairs += [PacePair(one.total_ms, take.report.natural_ms - take.report.trimmed_ms) for one, take in zip(found, own, strict=True)]
        return calibrate(pairs)

    def available(self) -> Availability:
        return espeak_availability(self._pool)

    def load(self) -> None:
        self._pool.voices()

    def supports(self, language: str) -> Availability:
        if espeak_voices(self._pool, language):
            return Availability(True, "ready")
        return Availability(False, f"espeak-ng does not speak “{language}”.")

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        return self._estimated((text,), language, voice)[0]

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        """Estimates of many texts in the order given; new ones are asked in batches and kept over restarts. Raises EngineFailed."""
        return self._estimated(texts, language, voice, to_keep=True)

    def known(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate | None]:
        """As `estimate_many`, without measuring: None for a text not measured yet. Raises EngineFailed for a language it does not speak."""
        reference = self._reference(language, voice)
        keys = [_key(text, reference) for text in texts]
        found = self._memory.recall(keys)
        return [self._apply(found[key], voice) if key in found else None for key in keys]

    def _estimated(self, texts: Sequence[str], language: str, voice: VoiceRef | None, *, to_keep: bool = False) -> list[Estimate]:
        reference = self._reference(language, voice)
        keys = [_key(text, reference) for text in texts]
        found = self._memory.recall(keys)
        fresh = self._measure([key for key in dict.fromkeys(keys) if key not in found], reference)
        self._memory.remember(fresh)
        found |= fresh
        if to_keep:
            self._memory.shelve(found)
        return [self._apply(found[key], voice) for key in keys]

    def _measure(self, keys: Sequence[Key], reference: VoiceRef) -> dict[Key, Estimate]:
        """New estimates; a text too long for one request is the sum of its pieces."""
        pieces = {key: within_limit(key[0]) if has_speech(key[0]) else [] for key in keys}
        spoken = self._pool.time([espeak_request(piece, reference) for parts in pieces.values() for piece in parts])
        measured = (spoken_estimate(speech.phones, self.name) for speech in spoken)
        return {key: _total(list(islice(measured, len(parts))), self.name) for key, parts in pieces.items()}

    def _reference(self, language: str, voice: VoiceRef | None) -> VoiceRef:
        """The espeak voice to time with: the asked one, or the language's best for a voice it does not have."""
        if voice is not None and voice.engine == espeak_pool.NAME and self._pool.has_voice(voice.voice):
            return voice
        ranked = espeak_voices(self._pool, language)
        if not ranked:
            raise EngineFailed(self.name, f"it does not speak “{language}”; choose another duration engine.")
        rate_ratio = 1.0 if voice is None else voice.rate_ratio
        return VoiceRef(self.name, ranked[0].identifier, rate_ratio)

    def _apply(self, estimate: Estimate, voice: VoiceRef | None) -> Estimate:
        calibration = None if voice is None else self._calibrations.get((voice.engine, voice.voice))
        if calibration is None or estimate.total_ms == 0:
            return estimate
        total_ms = max(1.0, calibration.scale * estimate.total_ms + calibration.offset_ms)
        ratio = total_ms / estimate.total_ms
        return replace(estimate, speech_ms=round(total_ms) - round(ratio * estimate.pause_ms), pause_ms=round(ratio * estimate.pause_ms))


def _key(text: str, reference: VoiceRef) -> Key:
    return text, reference.voice, reference.rate_ratio, reference.pitch_ratio
