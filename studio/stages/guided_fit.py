"""Stage: a take, its slot and a lip guide in; the take re-timed to mouth and source out, with a report. Text timing is `fit.py`'s.

Pure. The take then starts with its slot and may begin with silence. Where words barely fit, or do not, fitting goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.domain.line import FitReport, Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings
from studio.domain.timing import samples_to_ms
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark, Speech
from studio.stages.fit import Fitted, Trimmed, fit_take, moved_to_start, trim
from studio.stages.lip_timing import Retiming, lip_timing
from studio.stages.stretch import HIGHEST_RATIO, LOWEST_RATIO, stretch_along
from studio.stages.time_map import RateLimits, TimeMap

LONGEST_GUIDED_MS = 120_000  # nobody says more in one line; planning costs time and memory by the square of it


@dataclass(frozen=True, slots=True)
class Room:
    """What a take must keep to: its slot, the editor's limits, and what its timing may follow (None: the words alone)."""

    slot: Slot
    settings: FitSettings
    guide: LipGuide | None = None

    @property
    def is_guided(self) -> bool:
        return self.guide is not None and self.guide.is_active and self.slot.length_ms <= LONGEST_GUIDED_MS


def fit_speech(speech: Speech, room: Room, *, engine_ratio: float = 1.0) -> Fitted:
    """`speech` in its slot, timed to mouth and source where the room is guided; else exactly as `fit_take` leaves it.
    `engine_ratio`: how much faster than natural the engine already spoke. A guide never makes a take spill that need not."""
    plain = fit_take(speech.audio, speech.phones, room.slot, room.settings, engine_ratio=engine_ratio)
    if room.guide is None or not room.is_guided or plain.audio.length_ms == 0:
        return plain
    whole = trim(speech.audio, speech.phones, room.settings.trim_db)
    time_map = planned(whole, moved_to_start(speech.words, whole), room, engine_ratio=engine_ratio)
    over_ms = max(0, samples_to_ms(time_map.out_samples, time_map.rate_hz) - room.slot.length_ms)
    if over_ms > plain.report.remainder_ms:
        return plain
    audio = Audio(stretch_along(whole.audio.samples, time_map), whole.audio.rate_hz)
    return Fitted(audio, _moved(whole.phones, time_map), _report(speech.audio, whole, time_map, room.guide, engine_ratio, over_ms))


def planned(whole: Trimmed, words: Sequence[Mark], room: Room, *, engine_ratio: float = 1.0) -> TimeMap:
    """The time map of a trimmed take that is not silent, under an active guide."""
    assert room.guide is not None and room.is_guided
    low, high = room.settings.min_ratio / engine_ratio, room.settings.max_ratio / engine_ratio
    limits = RateLimits(max(low, LOWEST_RATIO), min(high, HIGHEST_RATIO))
    return lip_timing(whole.audio, whole.phones, words, Retiming(room.slot, room.guide, room.settings, limits, engine_ratio))


def _report(audio: Audio, whole: Trimmed, time_map: TimeMap, guide: LipGuide, engine_ratio: float, over_ms: int) -> FitReport:
    inner = [piece.take_samples - piece.out_samples for piece in time_map.pieces if not piece.is_speech]
    return FitReport(
        natural_ms=audio.length_ms,
        trimmed_ms=whole.lost_ms,
        pauses_cut_ms=samples_to_ms(sum(max(0, cut) for cut in inner), time_map.rate_hz),
        rate_ratio=engine_ratio * time_map.mean_ratio,
        fitted_ms=samples_to_ms(time_map.out_samples, time_map.rate_hz),
        remainder_ms=over_ms,
        lip_scale=guide.scales.lip_scale,
        face_scale=guide.scales.face_scale,
        lead_ms=time_map.lead_ms,
        pauses_moved_ms=time_map.pauses_moved_ms,
        slowest_ratio=engine_ratio * min(time_map.rates),
        fastest_ratio=engine_ratio * max(time_map.rates),
    )


def _moved(phones: Sequence[Mark], time_map: TimeMap) -> tuple[Mark, ...]:
    moved = (Mark(time_map.at_ms(phone.start_ms), time_map.at_ms(phone.end_ms), phone.symbol) for phone in phones)
    return tuple(phone for phone in moved if phone.end_ms > phone.start_ms)
