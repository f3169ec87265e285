"""Lines of dialogue: what is said, when, by whom, what it may become, and how it was voiced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.character import CharacterSheet, VoiceRef
from studio.domain.reference_voice import TakeVoice
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan, duration_penalty


class LineStatus(StrEnum):
    DRAFT = "draft"
    ADAPTED = "adapted"
    APPROVED = "approved"
    LOCKED = "locked"


class Fit(StrEnum):
    """How a line stands against its budget; the page's only meaning of colour."""

    EMPTY = "empty"  # no translation yet
    FITS = "fits"  # inside the slot at a natural rate
    TIGHT = "tight"  # inside the slot once sped up within the limit
    OVER = "over"  # too long even at the fastest allowed rate


@dataclass(frozen=True, slots=True)
class SpeakerProfile:
    """A person heard in the programme, and the voice that dubs them. `voice` None lets the studio choose one, of about the
    height of `pitch_hz`, the median pitch heard (None: not heard yet). `sheet`: how they speak, None where nobody said."""

    id: str
    name: str
    voice: VoiceRef | None = None
    pitch_hz: float | None = None
    sheet: CharacterSheet | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line. An empty `source_text` is a line to type in; an empty `target_text` is not voiced.

    `pauses`: drawn by an editor, in order, ms from the line's start, never empty; None: as in the source, where pauses are asked for."""

    id: str
    span: TimeSpan
    speaker_id: str
    source_text: str
    target_text: str = ""
    status: LineStatus = LineStatus.DRAFT
    voice: VoiceRef | None = None
    guidance: Guidance | None = None
    take_id: str | None = None
    notes: tuple[str, ...] = ()
    pauses: tuple[TimeSpan, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """The time a line may fill: its own span plus the part of the gap after it that may be borrowed."""

    start_ms: int
    span_ms: int
    gap_ms: int

    @property
    def length_ms(self) -> int:
        return self.span_ms + self.gap_ms


@dataclass(frozen=True, slots=True)
class Estimate:
    """Predicted time of a text at the voice's natural rate; silence at the ends not counted."""

    speech_ms: int
    pause_ms: int
    engine: str

    @property
    def total_ms(self) -> int:
        return self.speech_ms + self.pause_ms


@dataclass(frozen=True, slots=True)
class Prediction:
    """A text against its line: Δ and P (papers §1.2) with Dur(s) = the line's own span; `fit` looks at the whole slot."""

    estimate: Estimate
    delta_ms: int
    p: float
    fit: Fit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed wording. `score` is the engine's own (higher is better); `rank` 0 is proposed first.

    `prediction` and `slot_penalty` (P against the whole slot) None: no duration engine speaks the target language.
    `likelihood`: mean nats per token under the model that proposed it, None where there is none. `back_translation`: what the
    wording says, in the source language, None where the engine knows one direction only. `missed_terms`: target sides of the
    glossary's terms that the line holds and the wording lacks."""

    id: str
    line_id: str
    text: str
    engine: str
    score: float
    rank: int
    prediction: Prediction | None
    likelihood: float | None = None
    back_translation: str | None = None
    missed_terms: tuple[str, ...] = ()
    slot_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class FitReport:
    """What was done to a take to bring it into its slot; every ms at the programme's rate.

    `rate_ratio` > 1 is faster speech. `remainder_ms` > 0 is what still spills over the slot; nothing is ever cut off.
    A take timed to the lips says by which scales, the silence it begins with (`lead_ms`, part of `fitted_ms`), how much its inner
    pauses grew and shrank together, and its slowest and fastest stretch; of others these are 0, 0 and None.
    """

    natural_ms: int
    trimmed_ms: int
    pauses_cut_ms: int
    rate_ratio: float
    fitted_ms: int
    remainder_ms: int
    lip_scale: float = 0.0
    face_scale: float = 0.0
    lead_ms: int = 0
    pauses_moved_ms: int = 0
    slowest_ratio: float | None = None
    fastest_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One voicing of a line. `raw_blob` is as the engine gave it, `fitted_blob` as it goes into the mix (WAV, mono).
    `made`: how a voice that sees made it, None for other voices."""

    id: str
    line_id: str
    text: str
    voice: VoiceRef
    engine_version: str
    raw_blob: str
    fitted_blob: str
    report: FitReport
    fingerprint: str
    note: str = ""
    made: TakeVoice | None = None


def predict(estimate: Estimate, slot: Slot, *, max_ratio: float) -> Prediction:
    """Hold an estimate against a slot. Zero-length text is EMPTY with Δ = −span."""
    delta_ms = estimate.total_ms - slot.span_ms
    if estimate.total_ms == 0:
        fit = Fit.EMPTY
    elif estimate.total_ms <= slot.length_ms:
        fit = Fit.FITS
    else:
        fit = Fit.TIGHT if estimate.total_ms <= slot.length_ms * max_ratio else Fit.OVER
    return Prediction(estimate, delta_ms, duration_penalty(delta_ms / 1000), fit)
