"""What the stages ask of an engine that speaks: voices on offer, a text said, and what some voices can do beyond that.

Part of `protocols.py`, whose rules hold here too: how engines are named, loaded and fail, and what `Audio` is. Add one as it says there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from studio.domain.errors import EngineFailed
from studio.domain.line import VoiceRef
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import Guidance
from studio.engines.protocols import Audio, Availability, Engine

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A voice on offer. `gender` is "female", "male" or "". `owners`: the only people whose projects it speaks in; none: everybody's."""

    ref: VoiceRef
    label: str
    language: str
    gender: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A phone or word of synthesised speech: where it starts and ends, and its symbol ("" is a pause)."""

    start_ms: int
    end_ms: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Speech:
    """What a speech engine made of a text, with phone and word timings where the engine has them. Between two words a pause may be put."""

    audio: Audio
    phones: tuple[Mark, ...] = ()
    words: tuple[Mark, ...] = ()


class Speaker(Engine, Protocol):
    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        """Voices for a language, the best default first; empty where the engine cannot speak it."""
        ...

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech: ...


@runtime_checkable
class SpeechToSpeech(Engine, Protocol):
    """Speech of one language to speech of another without any text between (papers §2.1)."""

    def supports(self, source_language: str, target_language: str) -> Availability: ...

    def convert(self, audio: Audio, source_language: str, target_language: str, slot_ms: int) -> Speech:
        """One stretch of speech, at most about 30 s, said in the other language, as near to `slot_ms` as its rate limits allow. Phones are
        the units said. Raises EngineFailed where nothing is heard or the direction is not known."""
        ...


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What is heard on a line of the original. `slot_ms`: how long the line is on screen."""

    audio: Audio
    language: str
    slot_ms: int


@runtime_checkable
class HearsSource(Protocol):
    """A speech engine whose takes come from the original's sound and not from the text. Its `speak` raises EngineFailed."""

    def hearing(self, source: SourceLine) -> Speaker:
        """The same engine, about to say that line: `speak` of what it returns takes the text only for its language."""
        ...


@dataclass(frozen=True, slots=True)
class FaceStreams:
    """One face at 25 Hz around a line. `points`: float32 (frames, 45, 2), px, in the order of `models/speech/visual.py`; `mouths`: uint8
    (frames, 64, 64); `is_seen`: bool (frames,). `first_frame_ms`: where the first frame begins, from the start of the take; negative:
    before it. `lip_features`: float32 (frames, width) of an encoder of the user's own, in place of the mouths; None: there are none."""

    points: np.ndarray
    mouths: np.ndarray
    is_seen: np.ndarray
    first_frame_ms: float
    lip_features: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A voice to speak like. `transcript`: its words, "" where they are not known."""

    audio: Audio
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class VoiceGuide:
    """What a voice that sees is told beside the words. `span_ms`: the time on the screen; `slot_ms`: the most there is; None: as long as
    it takes. `speech`: where there is to be speech, ms from the take's start, None where nobody says. `reference`: None speaks with the
    voice's own sound. `form`: how the scales combine (`models/speech/guidance.py`)."""

    scales: Guidance
    steps: int
    seed: int
    span_ms: int | None = None
    slot_ms: int | None = None
    face: FaceStreams | None = None
    speech: tuple[tuple[int, int], ...] | None = None
    reference: Recording | None = None
    form: str = "nested"


@dataclass(frozen=True, slots=True)
class GuidedText:
    """One of several texts to say at once, each under its own guide."""

    text: str
    language: str
    voice: VoiceRef
    guide: VoiceGuide


@runtime_checkable
class SeesFace(Protocol):
    """A speech engine that takes the picture into its model. Its takes have the length they were asked for and are not re-timed."""

    def seeing(self, guide: VoiceGuide) -> Speaker:
        """The same engine, about to say one line: `speak` of what it returns says it in the time and under the conditions of the guide.
        Raises EngineFailed where the words cannot be said in that time, naming the least that could."""
        ...

    def voice_version(self, voice: VoiceRef) -> str:
        """What a take owes to that voice's weights; it goes into fingerprints beside the engine's `version`."""
        ...

    def follows_face(self, voice: VoiceRef) -> bool:
        """Whether that voice was taught faces; one that was not says a line the same way whatever is seen."""
        ...

    def cloned(self, references: Sequence[ReferenceVoice], language: str) -> tuple[VoiceInfo, ...]:
        """A voice for every recording it could speak like, the reference's id behind the last “@” of its name."""
        ...

    def why_unfit(self, recording: Audio) -> str:
        """Why a voice cannot be made of a recording (silent, two people, too short), a sentence; "" where it can. Raises EngineUnavailable."""
        ...


@runtime_checkable
class SpeaksMany(Protocol):
    """A speech engine that says several lines in one go, at less cost than one after the other."""

    @property
    def lines_at_once(self) -> int: ...

    def speak_many(self, texts: Sequence[GuidedText], is_cancelled: Callable[[], bool] | None = None) -> list[Speech | EngineFailed]:
        """Each text said, in order; what cannot be said is answered with why. Raises Cancelled, EngineUnavailable, and EngineFailed where
        memory does not suffice for even one."""
        ...


@runtime_checkable
class JudgesSpeech(Protocol):
    """A speech engine that can tell how well a sound goes with words, for want of a recogniser."""

    def likelihoods(self, text: str, language: str, voice: VoiceRef, takes: Sequence[Audio]) -> list[float]:
        """Higher is better; to be compared between takes of one text and voice only."""
        ...
