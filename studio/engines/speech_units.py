"""Direct speech-to-speech: the original's sound to units, units to the other language's, those to a voice. No text in between.

Enters 16 kHz speech of a line and two languages; leaves 16 kHz speech as long as the line, as far as rate limits allow. The bundled models
are a study of the method: they know short everyday phrases (their cards say how well). To use others, give another `UnitModels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadSetting, EngineFailed, EngineUnavailable
from studio.domain.language import NAMES, language_code
from studio.domain.line import VoiceRef
from studio.engines.protocols import Audio, Availability
from studio.engines.voice_protocols import Mark, SourceLine, Speech, VoiceInfo

if TYPE_CHECKING:
    import numpy as np

    from models.units.path import SpeechPath

NAME = "units"
QUIETEST = 1e-4  # a line whose loudest sample is below this has nothing to hear
FRAME_MS = 20
BUNDLED = ("units-encoder", "units-translator", "units-vocoder")


@dataclass(frozen=True, slots=True)
class UnitModels:
    """Folders of what hears, what translates and what speaks. `pairs`: directions it was taught. `sha256`: of each folder's weights, or None."""

    encoder: Path
    translator: Path
    vocoder: Path
    pairs: tuple[str, ...]
    sha256: tuple[str | None, str | None, str | None] = (None, None, None)


def bundled_models() -> UnitModels:
    """The weights that travel with the project. Raises EngineUnavailable where the list of weights does not name them."""
    from models.checkpoint import BadWeights, read_manifest

    manifest = read_manifest()
    try:
        encoder, translator, vocoder = (manifest.find_bundled(name) for name in BUNDLED)
    except BadWeights as error:
        raise EngineUnavailable(NAME, str(error)) from error
    hashes = (encoder.sha256, translator.sha256, vocoder.sha256)
    return UnitModels(encoder.path.parent, translator.path.parent, vocoder.path.parent, translator.pairs, hashes)


class UnitSpeech:
    """SpeechToSpeech, and a Speaker that hears the source. Voices: one per language it was taught to speak."""

    name = NAME
    version = "1"
    licence = "research and demo use"

    def __init__(self, models: UnitModels | None = None) -> None:
        self._given = models
        self._path: SpeechPath | None = None

    def available(self) -> Availability:
        try:
            models = self._models()
        except EngineUnavailable as error:
            return Availability(False, error.reason)
        missing = [folder.name for folder in (models.encoder, models.translator, models.vocoder) if not (folder / "model.safetensors").is_file()]
        if missing:
            return Availability(False, f"its weights {', '.join(missing)} are missing from the installation; install the studio again")
        caution = "It knows short everyday phrases and makes others up: hear every line."
        return Availability(True, f"ready; speaks from the original's sound, {', '.join(models.pairs)}", caution)

    def supports(self, source_language: str, target_language: str) -> Availability:
        try:
            pair = f"{language_code(source_language)}-{language_code(target_language)}"
        except BadSetting as error:
            return Availability(False, str(error))
        pairs = self._models().pairs
        return Availability(True, "ready") if pair in pairs else Availability(False, f"it was taught {', '.join(pairs)}, not {pair}")

    def load(self) -> None:
        """Raises EngineUnavailable where weights are missing, altered or do not belong together."""
        if self._path is not None:
            return
        from models.checkpoint import BadWeights
        from models.units.encoder import open_encoder
        from models.units.path import SpeechPath
        from models.units.translator import open_translator
        from models.units.vocoder import open_vocoder

        models = self._models()
        try:
            self._path = SpeechPath(
                open_encoder(models.encoder, sha256=models.sha256[0]),
                open_translator(models.translator, sha256=models.sha256[1]),
                open_vocoder(models.vocoder, sha256=models.sha256[2]),
            )
        except (BadWeights, ValueError) as error:
            raise EngineUnavailable(self.name, str(error)) from error

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        """One, for a language that it was taught to translate into."""
        try:
            code = language_code(language)
        except BadSetting:
            return ()
        sources = [pair.split("-")[0] for pair in self._models().pairs if pair.endswith(f"-{code}")] if self.available().is_available else []
        if not sources:
            return ()
        heard = " or ".join(NAMES[source] for source in sources)
        return (VoiceInfo(VoiceRef(self.name, code), f"from the original's sound ({heard}; a study)", language),)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        raise EngineFailed(self.name, "it speaks from the original's sound, and this line has none; choose a voice that reads the text.")

    def hearing(self, source: SourceLine) -> _Hearing:
        return _Hearing(self, source)

    def convert(self, audio: Audio, source_language: str, target_language: str, slot_ms: int) -> Speech:
        """As SpeechToSpeech says. Phones are named u0, u1, …"""
        import torch

        from models.units.features import RATE_HZ
        from models.units.path import PathOptions

        verdict = self.supports(source_language, target_language)
        if not verdict.is_available:
            raise EngineFailed(self.name, f"{verdict.why}; choose another voice for this project.")
        samples = _at_rate(audio, RATE_HZ)
        if len(samples) < RATE_HZ * FRAME_MS // 1000 or float(abs(samples).max()) < QUIETEST:
            raise EngineFailed(self.name, "there is no speech on this line of the original; choose a voice that reads the text.")
        self.load()
        options = PathOptions(slot_frames=max(1, slot_ms // FRAME_MS))
        made = self._path.convert(torch.from_numpy(samples), language_code(source_language), language_code(target_language), options=options)
        ends = (made.runs.lengths.cumsum(0) * FRAME_MS).tolist()
        marks = tuple(Mark(start, end, f"u{unit}") for start, end, unit in zip([0, *ends[:-1]], ends, made.runs.units.tolist(), strict=True))
        return Speech(Audio(made.samples.numpy(), RATE_HZ), marks)

    def _models(self) -> UnitModels:
        if self._given is None:
            self._given = bundled_models()
        return self._given


@dataclass(frozen=True, slots=True)
class _Hearing:
    """A Speaker that has one line of the original in its ear."""

    engine: UnitSpeech
    source: SourceLine

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
        """The source line in `language`; the voice's own rate is a wish for another length."""
        slot_ms = round(self.source.slot_ms / voice.rate_ratio)
        return self.engine.convert(self.source.audio, self.source.language, language, slot_ms)


def _at_rate(audio: Audio, rate_hz: int) -> np.ndarray:
    """Samples at another rate, float32."""
    import numpy as np
    from scipy.signal import resample_poly

    if audio.rate_hz == rate_hz:
        return np.ascontiguousarray(audio.samples, dtype=np.float32)
    return resample_poly(audio.samples, rate_hz, audio.rate_hz).astype(np.float32)
