"""Stage: a line's words, a voice and a slot in; a take out, as the engine gave it and as it fits. Also who gets which voice.

An engine that can change its own rate is asked once more at the rate the slot needs; only the rest is stretched. A voice that was told
its time is left as it spoke.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from studio.domain.errors import EngineFailed
from studio.domain.line import FitReport, Slot, SpeakerProfile, VoiceRef
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark, Speaker, Speech, VoiceGuide, VoiceInfo
from studio.stages.fit import Trimmed, moved_to_start, shortest_ms, trim, wanted_ratio
from studio.stages.guided_fit import Room, fit_speech, planned

VOICE_VERSION = "1"  # changes whenever the same request may give another take
FEMALE_FROM_HZ = 165.0  # between the usual ranges of men's and women's speaking pitch
SMALLEST_CHANGE = 0.02  # a rate closer than this to the natural one is left to the stretch
QUIETEST = 1e-4  # a take whose loudest sample is below this says nothing
_OBEDIENCE = 1.25  # an engine further outside the limits than this has not done what it was asked
_PITCH_STEPS = (1.0, 0.85, 1.15, 0.7, 1.3)


@runtime_checkable
class RateControlled(Protocol):
    """An engine that obeys `rate_ratio` of a VoiceRef."""

    has_rate_control: bool


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """What to say, in which voice, in what time. The voice's own `rate_ratio` is the editor's choice and counts as
    natural: the limits in `settings` hold on top of it. `lips`: what the timing may follow beside the words."""

    text: str
    language: str
    voice: VoiceRef
    slot: Slot
    settings: FitSettings
    lips: LipGuide | None = None

    @property
    def room(self) -> Room:
        return Room(self.slot, self.settings, self.lips)


@dataclass(frozen=True, slots=True)
class Voiced:
    """A take. `phones` belong to `fitted`; `asked_rate_ratio` is what the engine was asked for, relative to the voice."""

    raw: Audio
    fitted: Audio
    phones: tuple[Mark, ...]
    report: FitReport
    asked_rate_ratio: float


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit to say; a line of “♪” or “…” alone is not voiced."""
    return any(character.isalnum() for character in text)


def voice_line(request: VoiceRequest, engine: Speaker) -> Voiced:
    """Speak and fit one line. Raises EngineFailed, also for a take without sound."""
    settings = request.settings
    first = _spoken(request, engine, 1.0)
    asked = _rate_to_ask(first, request.room) if isinstance(engine, RateControlled) and engine.has_rate_control else 1.0
    if asked != 1.0:
        again = _spoken(request, engine, asked)
        engine_ratio = first.speech.audio.length_ms / again.speech.audio.length_ms
        if settings.min_ratio / _OBEDIENCE <= engine_ratio <= settings.max_ratio * _OBEDIENCE:
            fitted = fit_speech(again.raw, request.room, engine_ratio=engine_ratio)
            report = replace(fitted.report, natural_ms=first.raw.audio.length_ms, trimmed_ms=first.speech.lost_ms)
            return Voiced(again.raw.audio, fitted.audio, fitted.phones, report, asked)
    fitted = fit_speech(first.raw, request.room)
    return Voiced(first.raw.audio, fitted.audio, fitted.phones, fitted.report, 1.0)


def as_spoken(speech: Speech, slot: Slot, told: VoiceGuide, engine_name: str) -> Voiced:
    """A take of a voice that was told its time: nothing is trimmed, moved or stretched. Raises EngineFailed for one without sound."""
    audio = speech.audio
    if not len(audio.samples) or float(abs(audio.samples).max()) < QUIETEST:
        raise EngineFailed(engine_name, "it gave only silence; change the text, the seed or the voice.")
    report = FitReport(
        natural_ms=audio.length_ms,
        trimmed_ms=0,
        pauses_cut_ms=0,
        rate_ratio=1.0,
        fitted_ms=audio.length_ms,
        remainder_ms=max(0, audio.length_ms - slot.length_ms),
        lip_scale=told.scales.lip_scale,
        face_scale=told.scales.face_scale,
    )
    return Voiced(audio, audio, speech.phones, report, 1.0)


def assign_voices(speakers: Sequence[SpeakerProfile], voices: Sequence[VoiceInfo]) -> dict[str, VoiceRef]:
    """A voice per speaker id: their own where they have one, else one that nobody else has; empty without voices.

    A speaker whose pitch is known gets a voice of that height, as far as there are any. Deterministic: the n-th speaker
    of a kind gets the n-th voice of that kind, so that choosing a voice by hand moves at most the one speaker
    who held it. When the voices run out they come again at another pitch.
    """
    chosen = {speaker.id: speaker.voice for speaker in speakers if speaker.voice is not None}
    if not voices:
        return chosen
    offers = {gender: _offers(_of_gender(voices, gender)) for gender in ("", "female", "male")}
    homes = [next(offers[_gender(speaker)]) for speaker in speakers]
    taken = set(chosen.values())
    waiting = []
    for speaker, home in zip(speakers, homes, strict=True):
        if speaker.id in chosen:
            continue
        if home in taken:
            waiting.append(speaker)
        else:
            chosen[speaker.id] = home
            taken.add(home)
    for speaker in waiting:
        chosen[speaker.id] = next(offer for offer in offers[_gender(speaker)] if offer not in taken)
        taken.add(chosen[speaker.id])
    return {speaker.id: chosen[speaker.id] for speaker in speakers}


@dataclass(frozen=True, slots=True)
class _Spoken:
    raw: Speech
    speech: Trimmed


def _spoken(request: VoiceRequest, engine: Speaker, rate_ratio: float) -> _Spoken:
    voice = replace(request.voice, rate_ratio=request.voice.rate_ratio * rate_ratio)
    raw = engine.speak(request.text, request.language, voice)
    speech = trim(raw.audio, raw.phones, request.settings.trim_db)
    if speech.audio.length_ms == 0:
        raise EngineFailed(engine.name, f"it gave only silence for “{request.text}”; change the text or the voice.")
    return _Spoken(raw, speech)


def _gender(speaker: SpeakerProfile) -> str:
    """Which voices suit a speaker, by the height of the original's voice; "" where it has not been heard."""
    if speaker.pitch_hz is None:
        return ""
    return "female" if speaker.pitch_hz >= FEMALE_FROM_HZ else "male"


def _of_gender(voices: Sequence[VoiceInfo], gender: str) -> list[VoiceRef]:
    """The voices of that gender; all of them where none is, or none is asked for."""
    suited = [voice.ref for voice in voices if gender and voice.gender == gender]
    return suited or [voice.ref for voice in voices]


def _offers(voices: Sequence[VoiceRef]) -> Iterator[VoiceRef]:
    """All voices, then all again at other pitches, without end and without repeating."""
    lap = 0
    while True:
        pitch_ratio = _PITCH_STEPS[lap] if lap < len(_PITCH_STEPS) else 1.0 + 0.01 * lap
        for voice in voices:
            yield replace(voice, pitch_ratio=pitch_ratio)
        lap += 1


def _rate_to_ask(natural: _Spoken, room: Room) -> float:
    """The engine rate that, with pauses shortened as far as allowed, brings the speech into the slot, or to where lips and source
    want it; 1.0 where the natural rate does."""
    if room.is_guided:
        ratio = planned(natural.speech, moved_to_start(natural.raw.words, natural.speech), room).mean_ratio
    else:
        ratio = wanted_ratio(_least_ms(natural.speech, room), room.slot)
    ratio = min(max(ratio, room.settings.min_ratio), room.settings.max_ratio)
    return 1.0 if abs(ratio - 1.0) < SMALLEST_CHANGE else ratio


def _least_ms(natural: Trimmed, room: Room) -> int:
    """Length of a take with its pauses as short as the slot needs and the settings allow."""
    length_ms, slot_ms = natural.audio.length_ms, room.slot.length_ms
    return max(slot_ms, shortest_ms(natural, room.settings)) if length_ms > slot_ms else length_ms
