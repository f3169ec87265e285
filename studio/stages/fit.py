"""Stage: a take and its slot in, the take brought into the slot out, with a report of what was done; and where takes start.

Pure. Order: trim the ends, shorten inner pauses, stretch inside the limits, report what still spills. Nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from studio.domain.line import FitReport, Line, Slot
from studio.domain.settings import FitSettings
from studio.domain.timing import ms_to_samples, samples_to_ms
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.stages.pauses import SampleRange, cuts_for, inner_pauses, speech_range, without
from studio.stages.stretch import HIGHEST_RATIO, LOWEST_RATIO, stretch, stretched_length

FILLED_SHARE = 0.9  # speech shorter than this share of its own span is slowed, toward this share and no further


@dataclass(frozen=True, slots=True)
class Fitted:
    """A take as it goes into the mix. `phones` are moved along with the speech; `report` is at the natural rate."""

    audio: Audio
    phones: tuple[Mark, ...]
    report: FitReport


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Speech without its silent ends; phones count from its start. `start_ms` and `lost_ms`: what was taken off."""

    audio: Audio
    phones: tuple[Mark, ...]
    start_ms: int
    lost_ms: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a fitted take lies on the timeline. `late_ms` > 0: it had to wait; < 0: it starts ahead of its line."""

    line_id: str
    start_ms: int
    end_ms: int
    late_ms: int


def fit_take(audio: Audio, phones: Sequence[Mark], slot: Slot, settings: FitSettings, *, engine_ratio: float = 1.0) -> Fitted:
    """Bring `audio` into `slot`. `engine_ratio` is how much faster than natural the engine already spoke: the total
    rate stays inside the limits of `settings`, and the report counts both."""
    whole = trim(audio, phones, settings.trim_db)
    slot_samples = ms_to_samples(slot.length_ms, audio.rate_hz)
    cuts = _pause_cuts(whole, slot_samples, settings)
    spoken = without(whole.audio.samples, cuts, audio.rate_hz)
    ratio = _stretch_ratio(len(spoken), slot, settings, audio.rate_hz, engine_ratio)
    fitted = Audio(stretch(spoken, audio.rate_hz, ratio), audio.rate_hz)
    cut_samples = sum(cut.length_samples for cut in cuts)
    report = FitReport(
        natural_ms=audio.length_ms,
        trimmed_ms=whole.lost_ms,
        pauses_cut_ms=samples_to_ms(cut_samples, audio.rate_hz),
        rate_ratio=engine_ratio * ratio,
        fitted_ms=fitted.length_ms,
        remainder_ms=max(0, fitted.length_ms - slot.length_ms),
    )
    return Fitted(fitted, _moved(whole.phones, cuts, ratio, fitted), report)


def trim(audio: Audio, phones: Sequence[Mark], quiet_db: float) -> Trimmed:
    """`audio` from its first to its last sound; empty for a silent take."""
    speech = speech_range(audio, quiet_db)
    kept = Audio(audio.samples[speech.start_samples : speech.end_samples], audio.rate_hz)
    start_ms = samples_to_ms(speech.start_samples, audio.rate_hz)
    bare = Trimmed(kept, (), start_ms, audio.length_ms - kept.length_ms)
    return replace(bare, phones=moved_to_start(phones, bare))


def moved_to_start(marks: Sequence[Mark], whole: Trimmed) -> tuple[Mark, ...]:
    """Marks of the untrimmed take as times of `whole`; what was trimmed off falls away."""
    start_ms, length_ms = whole.start_ms, whole.audio.length_ms
    return tuple(
        Mark(max(0, mark.start_ms - start_ms), min(length_ms, mark.end_ms - start_ms), mark.symbol)
        for mark in marks
        if mark.end_ms > start_ms and mark.start_ms - start_ms < length_ms
    )


def shortest_ms(whole: Trimmed, settings: FitSettings) -> int:
    """Length of a trimmed take once every inner pause is as short as allowed."""
    pauses = inner_pauses(whole.audio, whole.phones, settings.trim_db, longer_than_ms=settings.min_pause_ms)
    spare = sum(pause.length_samples for pause in pauses) - len(pauses) * ms_to_samples(settings.min_pause_ms, whole.audio.rate_hz)
    return samples_to_ms(len(whole.audio.samples) - spare, whole.audio.rate_hz)


def wanted_ratio(length_ms: int, slot: Slot) -> float:
    """The rate that fits speech of `length_ms`: > 1 where it is longer than the slot, < 1 where it falls well short of
    its own span, and 1 between; continuous, without limits."""
    if length_ms > slot.length_ms:
        return length_ms / slot.length_ms
    filled_ms = FILLED_SHARE * slot.span_ms
    return length_ms / filled_ms if length_ms < filled_ms else 1.0


def place(lines: Sequence[Line], reports: Mapping[str, FitReport], programme_ms: int) -> tuple[Placement, ...]:
    """Start of every take that has a length, in timeline order. `reports` of the takes, by line id.

    A take starts with its line. Where the same speaker is still talking it waits, which keeps order and every word; the
    delay ends at the next silence that can absorb it, such as the silence a take begins with. A take that would outlast the picture
    starts earlier, as far as that speaker is silent.
    """
    free_from: dict[str, int] = {}
    placements = []
    for line in sorted(lines, key=lambda line: (line.span.start_ms, line.span.end_ms, line.id)):
        report = reports.get(line.id)
        if report is None or report.fitted_ms <= 0:
            continue
        length_ms = report.fitted_ms
        latest_ms = max(0, programme_ms - length_ms)
        start_ms = max(0, free_from.get(line.speaker_id, 0) - report.lead_ms, min(line.span.start_ms, latest_ms))
        free_from[line.speaker_id] = start_ms + length_ms
        placements.append(Placement(line.id, start_ms, start_ms + length_ms, start_ms - line.span.start_ms))
    return tuple(placements)


def _pause_cuts(whole: Trimmed, slot_samples: int, settings: FitSettings) -> tuple[SampleRange, ...]:
    excess = len(whole.audio.samples) - slot_samples
    if excess <= 0:
        return ()
    pauses = inner_pauses(whole.audio, whole.phones, settings.trim_db, longer_than_ms=settings.min_pause_ms)
    return cuts_for(pauses, excess, ms_to_samples(settings.min_pause_ms, whole.audio.rate_hz))


def _stretch_ratio(count_samples: int, slot: Slot, settings: FitSettings, rate_hz: int, engine_ratio: float) -> float:
    """The stretch for `count_samples`, so that together with the engine's own rate it stays inside the limits."""
    length_ms = samples_to_ms(count_samples, rate_hz)
    slot_samples = ms_to_samples(slot.length_ms, rate_hz)
    ratio = count_samples / slot_samples if count_samples > slot_samples else min(1.0, wanted_ratio(length_ms, slot))
    low, high = max(settings.min_ratio / engine_ratio, LOWEST_RATIO), min(settings.max_ratio / engine_ratio, HIGHEST_RATIO)
    return min(max(ratio, low), high)


def _moved(phones: Sequence[Mark], cuts: Sequence[SampleRange], ratio: float, fitted: Audio) -> tuple[Mark, ...]:
    """Phone times after cutting and stretching; a phone that was cut out whole is dropped."""

    def at(ms: int) -> int:
        place = ms_to_samples(ms, fitted.rate_hz)
        lost = sum(min(max(place - cut.start_samples, 0), cut.length_samples) for cut in cuts)
        return min(fitted.length_ms, samples_to_ms(stretched_length(place - lost, ratio), fitted.rate_hz))

    moved = [Mark(at(phone.start_ms), at(phone.end_ms), phone.symbol) for phone in phones]
    return tuple(phone for phone in moved if phone.end_ms > phone.start_ms)
