"""The in-process voice that sees: text, time, face, pauses and a recording in, speech of exactly that time out (papers §4).

Voices are folders (`syncvoice_places`). What is asked of the net is decided in `syncvoice_plan`, how many lines go at once in
`syncvoice_room`. A folder is opened on first use, under the budget of memory, and let go after a while without work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.line import Estimate, VoiceRef
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import Guidance, VoiceSettings
from studio.engines.memory_budget import Held, MemoryBudget, ModelFacts
from studio.engines.protocols import Audio, Availability, DurationEstimator
from studio.engines.voice_protocols import GuidedText, Speech, VoiceGuide, VoiceInfo
from studio.engines.syncvoice_judge import likelihoods, why_unfit
from studio.engines.syncvoice_places import FETCH, VoicePlace, Whereabouts, content_hash, stamp, unread_places, voice_places
from studio.engines.syncvoice_plan import Planned, planned
from studio.engines.syncvoice_room import SpeakingRoom, room_for
from studio.engines.syncvoice_voice import NAME, OpenVoice, Recordings, open_place
from studio.engines.weight_sizes import weights_bytes

if TYPE_CHECKING:
    from models.speech.phones import Phonemise

IDLE_RELEASE_S = 600.0
RESCAN_S = 2.0
LINES_AT_ONCE = {"cuda": 32}
WORKING_BYTES = {"cuda": 2 * 2**30}  # beside the weights; what a large batch takes on top shrinks with it
MS_PER_TOKEN = 60  # where no duration engine speaks the language: the usual pace of 16 to 17 tokens a second
DRAFT = "The bundled voice is small and was trained on few hours: it is a draft, most at home in short plain sentences."


@dataclass(frozen=True, slots=True)
class SyncVoiceSetup:
    """What the voice stands on. `device` is asked on first use, for importing torch may take seconds. `estimator`: natural times of texts,
    None: by the count of tokens. `is_compiled`: the net is compiled for the GPU on first use, which takes a minute and then saves time.
    `budget`: of memory, shared with other engines."""

    phonemise: Phonemise
    where: Whereabouts = Whereabouts()
    estimator: DurationEstimator | None = None
    device: Callable[[], str] = lambda: "cpu"
    is_compiled: bool = False
    idle_release_s: float = IDLE_RELEASE_S
    budget: MemoryBudget = field(default_factory=MemoryBudget)


class SyncVoiceSpeaker:
    """Speaker, SeesFace, SpeaksMany, JudgesSpeech, HasNotices and UsesGpu. Safe to use from several threads: one speaks at a
    time on a device."""

    name = NAME
    version = "1"
    licence = "Apache-2.0; weights as their folders say"

    def __init__(self, setup: SyncVoiceSetup) -> None:
        self._setup = setup
        self._places: dict[str, VoicePlace] = {}
        self._scanned_s: float | None = None
        self._hashes: dict[str, tuple[str, str]] = {}
        self._held: dict[str, Held[OpenVoice]] = {}
        self._room: SpeakingRoom | None = None
        self._device: str | None = None
        self._elsewhere: dict[str, SyncVoiceSpeaker] = {}
        self._recordings = Recordings()
        self._lock, self._look = threading.RLock(), threading.Lock()
        self._timer: threading.Timer | None = None

    def available(self) -> Availability:
        try:
            places = self._found()
        except EngineUnavailable as error:
            return Availability(False, error.reason)
        if not places:
            shelf = f", or put the folder of one into {self._setup.where.shelf}" if self._setup.where.shelf is not None else ""
            return Availability(False, f"no voice is here; fetch one with {FETCH}{shelf}")
        bundled = [place for place in places.values() if place.sha256 is not None]
        return Availability(True, f"ready; voices: {', '.join(places)}", DRAFT if bundled else "")

    def load(self) -> None:
        """Open the first voice. Raises EngineUnavailable where there is none, or it does not fit."""
        places = self._found()
        if not places:
            raise EngineUnavailable(self.name, self.available().why)
        with self._speaking_with(next(iter(places.values()))):
            return

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        """Voices of their own that speak a language; those made of recordings come from `cloned`."""
        found = []
        for place in self._speaking(language):
            for one in place.voices:
                found.append(VoiceInfo(VoiceRef(self.name, f"{place.key}/{one.name}"), f"{one.label} ({place.label})", language, one.gender, place.owners))
            if not place.voices:
                found.append(VoiceInfo(VoiceRef(self.name, place.key), place.label, language, owners=place.owners))
        return tuple(found)

    def cloned(self, references: Sequence[ReferenceVoice], language: str) -> tuple[VoiceInfo, ...]:
        """A published voice continues a recording, and is offered for those whose words are known."""
        return tuple(
            VoiceInfo(VoiceRef(self.name, f"{place.key}@{reference.id}"), f"{reference.name} ({place.label})", language, owners=place.owners)
            for place in self._speaking(language)
            for reference in references
            if (reference.transcript if place.is_public else place.speaker is not None or self._recordings.weights is not None)
        )

    def voice_version(self, voice: VoiceRef) -> str:
        """Sixteen digits of the sha256 over the files of that voice; they are read anew only when one of them was replaced."""
        place = self._found().get(_place_key(voice))
        if place is None:
            return ""
        with self._look:
            now, (before, found) = stamp(place), self._hashes.get(place.key, ("", ""))
            if now != before:
                found = content_hash(place)[:16]
                self._hashes[place.key] = now, found
            return found

    def follows_face(self, voice: VoiceRef) -> bool:
        place = self._found().get(_place_key(voice))
        return place is not None and not place.is_public

    def why_unfit(self, recording: Audio) -> str:
        with self._lock:
            return why_unfit(recording, self._recordings)

    def notices(self) -> tuple[str, ...]:
        told = self._room.notices() if self._room is not None else ()
        told += tuple(sentence for other in tuple(self._elsewhere.values()) for sentence in other.notices())
        hollow = sorted(one.place.label for held in tuple(self._held.values()) if (one := held.now) is not None and not one.has_vocoder)
        lacking = f"No vocoder is here, so {', '.join(hollow)} sounds hollow; fetch one with python -m studio models pull vocos-mel-24khz."
        return tuple(dict.fromkeys((*told, *((lacking,) if hollow else ()), *unread_places(self._setup.where))))

    @property
    def needs_gpu(self) -> bool:
        return self._on() != "cpu"

    def on(self, device: str) -> SyncVoiceSpeaker:
        if device == self._on():
            return self
        return self._elsewhere.setdefault(device, SyncVoiceSpeaker(replace(self._setup, device=lambda: device)))

    @property
    def lines_at_once(self) -> int:
        """One on a CPU, where several at once save nothing."""
        return LINES_AT_ONCE.get(self._on().partition(":")[0], 1)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        """Words alone, at their natural length, final quality."""
        settings = VoiceSettings()
        return self.seeing(VoiceGuide(Guidance(), settings.steps_final, settings.seed)).speak(text, language, voice)

    def seeing(self, guide: VoiceGuide) -> _Guided:
        return _Guided(self, guide)

    def speak_many(self, texts: Sequence[GuidedText], is_cancelled: Callable[[], bool] | None = None) -> list[Speech | EngineFailed]:
        """As SpeaksMany says; lines of one folder go together."""
        answers: dict[int, Speech | EngineFailed] = {}
        with self._lock:
            for key in dict.fromkeys(_place_key(one.voice) for one in texts):
                numbers = [number for number, one in enumerate(texts) if _place_key(one.voice) == key]
                answers |= dict(zip(numbers, self._said(key, [texts[number] for number in numbers], is_cancelled), strict=True))
        return [answers[number] for number in range(len(texts))]

    def likelihoods(self, text: str, language: str, voice: VoiceRef, takes: Sequence[Audio]) -> list[float]:
        with self._speaking_with(self._place(_place_key(voice))) as opened:
            return likelihoods(opened, text, language, takes)

    def release(self) -> None:
        """Let go of every opened voice, on every device; the next line opens it again."""
        with self._lock:
            for held in self._held.values():
                held.release()
        for other in tuple(self._elsewhere.values()):
            other.release()

    # within

    def _said(self, key: str, texts: Sequence[GuidedText], is_cancelled: Callable[[], bool] | None) -> list[Speech | EngineFailed]:
        try:
            place = self._place(key)
        except EngineFailed as error:
            return [error] * len(texts)
        with self._speaking_with(place) as voice:
            plans = [self._plan(voice, one) for one in texts]
            assert self._room is not None
            ready = [plan for plan in plans if isinstance(plan, Planned)]
            said = iter(self._room.say(voice, ready, is_cancelled) if ready else ())
            return [Speech(next(said)) if isinstance(plan, Planned) else plan for plan in plans]

    def _plan(self, voice: OpenVoice, asked: GuidedText) -> Planned | EngineFailed:
        try:
            return planned(voice, asked, self._natural(voice, asked), self._recordings)
        except EngineFailed as error:
            return error

    def _natural(self, voice: OpenVoice, asked: GuidedText) -> Estimate:
        """How long the text takes at the pace the editor chose."""
        estimator = self._setup.estimator
        if estimator is not None and estimator.supports(asked.language).is_available and any(map(str.isalnum, asked.text)):
            found = estimator.estimate(asked.text, asked.language)
            return Estimate(round(found.speech_ms / asked.voice.rate_ratio), round(found.pause_ms / asked.voice.rate_ratio), found.engine)
        return Estimate(round(MS_PER_TOKEN * len(asked.text) / asked.voice.rate_ratio), 0, self.name)

    @contextmanager
    def _speaking_with(self, place: VoicePlace) -> Iterator[OpenVoice]:
        """The voice in memory, for as long as it speaks; nobody else speaks on this device meanwhile."""
        now = f"{place.key} {stamp(place)}"
        with self._lock:
            if now not in self._held:
                self._held[now] = self._setup.budget.place(lambda: self._facts(place), lambda: self._read(place))
            held = self._held[now]
            if self._room is None:
                self._room = room_for(self._on(), held.relief)
            self._room.relief = held.relief
            with held.use() as voice:
                yield voice
            self._rest()

    def _facts(self, place: VoicePlace) -> ModelFacts:
        kind = self._on().partition(":")[0]
        size = weights_bytes(place.folders, float_bytes=2 if kind == "cuda" else 4) + WORKING_BYTES.get(kind, 0)
        return ModelFacts(f"{self.name}: {place.label}", self._on(), size)

    def _read(self, place: VoicePlace) -> OpenVoice:
        voice = open_place(place, self._setup.phonemise, self._on())
        if self._setup.is_compiled and self._on().startswith("cuda"):
            voice.compile()
        return voice

    def _on(self) -> str:
        """Where its nets compute."""
        if self._device is None:
            self._device = self._setup.device()
        return self._device

    def _rest(self) -> None:
        """Begin to count the idle time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._setup.idle_release_s, self.release)
        self._timer.daemon = True
        self._timer.start()

    def _found(self) -> dict[str, VoicePlace]:
        """Voices by key; folders are looked at again after a moment."""
        with self._look:
            if self._scanned_s is None or time.monotonic() - self._scanned_s > RESCAN_S:
                self._places = {place.key: place for place in voice_places(self._setup.where)}
                self._scanned_s = time.monotonic()
            return self._places

    def _speaking(self, language: str) -> list[VoicePlace]:
        try:
            return [place for place in self._found().values() if language.split("-")[0] in place.languages]
        except EngineUnavailable:  # `available` says why
            return []

    def _place(self, key: str) -> VoicePlace:
        place = self._found().get(key)
        if place is None:
            raise EngineFailed(self.name, f"there is no voice “{key}” here any more; choose another, or put its folder back.")
        return place


@dataclass(frozen=True, slots=True)
class _Guided:
    """A Speaker that is about to say one line under a guide."""

    engine: SyncVoiceSpeaker
    guide: VoiceGuide

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def version(self) -> str:
        return self.engine.version

    @property
    def licence(self) -> str:
        return self.engine.licence

    def available(self) -> Availability:
        return self.engine.available()

    def load(self) -> None:
        self.engine.load()

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        return self.engine.voices(language)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        (made,) = self.engine.speak_many([GuidedText(text, language, voice, self.guide)])
        if isinstance(made, EngineFailed):
            raise made
        return made


def _place_key(voice: VoiceRef) -> str:
    """Which folder a voice is of: what stands before a recording's id and before a name."""
    return voice.voice.partition("@")[0].partition("/")[0]
