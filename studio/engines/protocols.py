"""What the stages ask of an engine. Add one by keeping a protocol here in a new file and naming it in `studio/bootstrap.py`.

Every engine has a stable `name`, a `version` that changes whenever its output may (it goes into fingerprints), a
`licence`, and a cheap `available()`. Constructing one does nothing; `load()` imports and reads weights, once, and may
raise EngineUnavailable; calling a verb loads on first use. Verbs raise EngineFailed, never return a guess.
Audio is float32 numpy, mono, shape (n_samples,), range −1..1, with its rate beside it. Engines that speak: `voice_protocols.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from studio.domain.line import Estimate, Take, VoiceRef
from studio.domain.settings import TranslationSettings
from studio.domain.sync import SyncScore
from studio.domain.timing import TimeSpan

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can run here, and a sentence that says why or why not. `caution`: what its user must know all the same."""

    is_available: bool
    why: str
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono speech. `samples`: float32, shape (n_samples,), −1..1."""

    samples: np.ndarray
    rate_hz: int

    @property
    def length_ms(self) -> int:
        return round(1000 * len(self.samples) / self.rate_hz)


@runtime_checkable
class Engine(Protocol):
    name: str
    version: str
    licence: str

    def available(self) -> Availability: ...

    def load(self) -> None: ...


@runtime_checkable
class UsesGpu(Protocol):
    """An engine whose model computes on a GPU where there is one; jobs take turns on those (`studio/gpu_turns.py`)."""

    @property
    def needs_gpu(self) -> bool:
        """Whether it would, here; cheap."""
        ...

    def on(self, device: str) -> Engine:
        """The same engine on one device ("cuda:1"), with its own models in memory there. Made once, then the same again."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """What was heard in one stretch of speech. Empty `text`: nothing recognised, a line to type in."""

    text: str
    confidence: float | None = None


class VoiceActivityDetector(Engine, Protocol):
    def speech(self, blocks: Iterator[np.ndarray], rate_hz: int, *, min_silence_ms: int) -> tuple[TimeSpan, ...]:
        """Speech spans of a stream of mono float32 blocks at 16 kHz, in order, not overlapping; constant memory."""
        ...


class Transcriber(Engine, Protocol):
    def transcribe(self, audio: Audio, language: str) -> Words:
        """Words of one stretch of speech (16 kHz, at most about 30 s)."""
        ...


@runtime_checkable
class DraftListener(Protocol):
    """A transcriber that hears words where there are none: something to start a script from, nothing to judge a take by."""

    is_draft: bool


class SpeakerEncoder(Engine, Protocol):
    def embed(self, audio: Audio) -> np.ndarray:
        """Unit-length float32 vector, shape (dim,), alike for one voice and unlike for two."""
        ...

    def pitch_hz(self, audio: Audio) -> float | None:
        """Median pitch of the voice; None where hardly anything is voiced."""
        ...


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """One line to translate. `before` holds earlier lines as (source, target) pairs, oldest first; `budget_ms` its slot (0: not
    known). `terms`: what of the glossary the line holds. `instruction`: a wish in words, for those who follow instructions."""

    line_id: str
    text: str
    source_language: str
    target_language: str
    budget_ms: int
    before: tuple[tuple[str, str], ...] = ()
    settings: TranslationSettings = field(default_factory=TranslationSettings)
    terms: tuple[tuple[str, str], ...] = ()
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """One proposed translation. `score`: what the engine holds of its meaning, higher is better, 0.0 where it cannot tell.
    `likelihood`: mean log-probability per token under the engine's model, None where there is none."""

    text: str
    score: float
    likelihood: float | None = None


class Translator(Engine, Protocol):
    @property
    def follows_instructions(self) -> bool:
        """Whether `instruction` of a request means anything to it."""
        ...

    def supports(self, source_language: str, target_language: str) -> Availability: ...

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        """Yield (line_id, wordings) in the order asked, as soon as known; distinct texts, the engine's best first, at
        most `draw_count`: the caller lists `candidate_count` of them by how they fit. A line the engine could not answer
        yields no wordings, never an invented one."""
        ...


@runtime_checkable
class TranslatesBack(Protocol):
    """A translator that can say what its wordings mean, for a reader who knows only the source language."""

    @property
    def lines_at_once(self) -> int:
        """How many lines `propose` answers together; asking back for all of them at once costs least."""
        ...

    def translate_back(self, texts: Sequence[str], source_language: str, target_language: str) -> list[str | None]:
        """Each text of `target_language` in `source_language`, in order; None where that direction is not known."""
        ...


@runtime_checkable
class HasNotices(Protocol):
    """An engine that had to change how it works, such as one short of memory."""

    def notices(self) -> tuple[str, ...]:
        """Sentences for the person, true from when it happened until the engine is made anew."""
        ...


class DurationEstimator(Engine, Protocol):
    def supports(self, language: str) -> Availability: ...

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        """Natural time of `text`; speech and inner pauses apart, silence at the ends left out. Empty text: zeros."""
        ...

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        """`estimate` of each text, in the order given; many together cost less."""
        ...


@runtime_checkable
class KeepsEstimates(Protocol):
    """A duration engine that can tell what it has measured before, without measuring."""

    def known(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate | None]:
        """`estimate_many` as far as it is known at once, in the order given; None for what would have to be measured."""
        ...


@runtime_checkable
class LearnsPace(Protocol):
    """A duration engine that gets better from takes already made."""

    def paced_by(self, takes: Sequence[Take], language: str) -> DurationEstimator:
        """The same engine, knowing how fast each voice heard in `takes` really is."""
        ...


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """One face in one picture. `box`: left, top, width, height in px of the picture. `landmarks`: float32, shape (478, 2), px, in the
    order of the MediaPipe face mesh. `yaw_deg`: 0 faces the camera, ±90 is a profile. `mouth`: uint8, shape (64, 64), grey, turned
    upright and scaled by the face (`models.sync.mouth`)."""

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    yaw_deg: float
    mouth: np.ndarray


class FaceTracker(Engine, Protocol):
    def faces(self, pictures: Iterator[np.ndarray]) -> Iterator[tuple[FaceSeen, ...]]:
        """The faces of each picture, in order: RGB uint8 of shape (height, width, 3) at 25 Hz. Constant cost and memory per picture;
        the caller joins them into tracks."""
        ...


class SyncScorer(Engine, Protocol):
    """A SyncNet. `crop` names what pictures it takes ("mouth": 64×64 grey mouth crops of the face tracks; "track", "face": 224×224 BGR
    by one of the two crop protocols of papers §5.1). Scores carry `name` and `crop`."""

    crop: str

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 pictures at 25 Hz, shape (frames, side, side) or (frames, side, side, 3). Returns float32 (windows, dim); to be cached:
        a new take costs the sound alone. Raises NotMeasurable under six frames."""
        ...

    def score(self, lips: np.ndarray, audio: Audio) -> SyncScore:
        """Sound against cached lip embeddings, both starting at the same moment; rows of NaN (a still picture) are left out. Raises NotMeasurable with the reason, never guesses."""
        ...
