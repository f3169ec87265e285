"""An opened voice of the engine `syncvoice`: its net, vocoder, tokeniser, lip encoder, and whose voices it knows. A place in, a voice out."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.out_of_memory import NoRelief, OutOfMemory, within_memory
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import FaceStreams, Recording
from studio.engines.syncvoice_places import VOICES_FILE, VoicePlace

if TYPE_CHECKING:
    import numpy as np

    from models.speech.frozen_speaker import FrozenSpeaker
    from models.speech.lip_encoder import LipEncoder
    from models.speech.phones import Phonemise
    from models.speech.synthesis import Prompt, Seen, Synthesizer
    from models.speech.tokens import Tokenizer

NAME = "syncvoice"
KEPT_RECORDINGS = 16
PRINT_RATE_HZ, SPEECH_RATE_HZ = 16_000, 24_000
NO_PRINTS = "the speaker encoder is not installed; run: pip install --no-deps -r requirements-weights.txt"
_TAGS = {"en": "en-us"}


@dataclass(frozen=True, slots=True)
class Likeness:
    """A voice as the net takes it: unit vector of the frozen speaker encoder, and (frames, 100) log-mel of it."""

    voice: np.ndarray
    reference: np.ndarray


@dataclass(slots=True)
class OpenVoice:
    """Everything of one voice in memory. `has_vocoder` False: it sounds hollow, for want of one."""

    place: VoicePlace
    synthesizer: Synthesizer
    lips: LipEncoder | None
    phonemise: Phonemise
    named: dict[str, Likeness]
    has_vocoder: bool

    def tokenizer(self, language: str) -> Tokenizer:
        from models.speech.text_tokenizers import tokenizer_named

        return tokenizer_named(self.synthesizer.bundle.tokenizer, self.phonemise, _TAGS.get(language, language))

    def compile(self) -> None:
        """Have the net's layers compiled for lines of any length; the first line then takes a minute longer."""
        import torch

        decoder = self.synthesizer.net.backbone.fm_decoder
        decoder.stacks = torch.compile(decoder.stacks, dynamic=True)

    def seen(self, face: FaceStreams, *, wants_face: bool, wants_lips: bool) -> Seen:
        """One face as the net takes it."""
        import torch

        from models.speech.synthesis import Seen
        from models.speech.visual import face_features

        shown = face_features(face.points, face.is_seen) if wants_face else None
        read = None
        if wants_lips and face.lip_features is not None:
            read = self._own_lips(face.lip_features)
        elif wants_lips and self.lips is not None:
            read = self.lips.encode(torch.from_numpy(face.mouths)).numpy()
        return Seen(face.is_seen, shown, read, -face.first_frame_ms / 1000)

    def reads_lips(self, face: FaceStreams | None) -> bool:
        """Whether lips can lead this voice: it has an encoder, or the features come with the face."""
        return face is not None and (self.lips is not None or face.lip_features is not None)

    def _own_lips(self, features: np.ndarray) -> np.ndarray:
        """Raises EngineFailed for features of another width than this voice was trained with."""
        wanted = self.synthesizer.net.config.lip_dim
        if features.shape[1] != wanted:
            raise EngineFailed(NAME, f"{self.place.label} was trained with lip features {wanted} wide, and these are {features.shape[1]} wide; use the encoder it was trained with.")
        return features


def open_place(place: VoicePlace, phonemise: Phonemise, device: str) -> OpenVoice:
    """Read a voice. On a GPU the flow net computes in bfloat16. Raises EngineUnavailable with what does not fit; that memory ran out is
    raised as torch says it, for the place of the voice to make room."""
    import torch

    from models.checkpoint import BadWeights
    from models.speech.bundle import open_voice
    from models.speech.griffin_lim import GriffinLim
    from models.speech.lip_encoder import open_lip_encoder
    from models.speech.synthesis import Synthesizer
    from models.speech.vocoder_files import open_vocoder

    try:
        bundle = open_voice(place.folder, sha256=place.sha256)
        lips = None if place.lips is None else open_lip_encoder(place.lips)
        vocoder = GriffinLim() if place.vocoder is None else open_vocoder(place.vocoder)
        named = _named(place)
        _require_lips(place, lips, bundle.net.config.lip_dim)
    except (BadWeights, ValueError) as error:
        raise EngineUnavailable(NAME, str(error)) from error
    dtype = torch.bfloat16 if device.startswith("cuda") and torch.cuda.is_bf16_supported() else torch.float32
    return OpenVoice(place, Synthesizer(bundle, vocoder, device=device, dtype=dtype), lips, phonemise, named, place.vocoder is not None)


def _require_lips(place: VoicePlace, lips: LipEncoder | None, wanted: int) -> None:
    """Raises ValueError where the lip encoder is not the one a voice was trained with, by the width of what it gives."""
    if lips is not None and lips.width != wanted:
        raise ValueError(
            f"{place.label} was trained with lip features {wanted} wide, and the lip encoder in {place.lips} gives {lips.width}; "
            f"put the encoder it was trained with into {place.folder / 'lips'}."
        )


def _named(place: VoicePlace) -> dict[str, Likeness]:
    from models.checkpoint import read_tensors

    path = place.folder / VOICES_FILE
    if not place.voices:
        return {}
    tensors = read_tensors(path)
    lacking = [key for one in place.voices for key in (f"{one.name}.voice", f"{one.name}.reference") if key not in tensors]
    if lacking:
        raise ValueError(f"{path} lacks “{lacking[0]}”, which model.json names; copy the folder again.")
    return {one.name: Likeness(tensors[f"{one.name}.voice"].float().numpy(), tensors[f"{one.name}.reference"].float().numpy()) for one in place.voices}


def voiceprint_file() -> Path | None:
    """The published weights of the speaker encoder, from its wheel; nothing of that package is imported."""
    from importlib.util import find_spec

    found = find_spec("resemblyzer")
    folder = None if found is None or found.origin is None else Path(found.origin).parent
    return folder / "pretrained.pt" if folder is not None and (folder / "pretrained.pt").is_file() else None


class Recordings:
    """Recordings as nets take them; the last few are remembered. `weights`: of the speaker encoder for voices that bring none of their own."""

    def __init__(self, weights: Path | None = None) -> None:
        self._weights = weights
        self._nets: dict[Path, FrozenSpeaker] = {}
        self._likenesses: OrderedDict[tuple[str, Path | None], Likeness] = OrderedDict()

    @property
    def weights(self) -> Path | None:
        return self._weights if self._weights is not None else voiceprint_file()

    def print_of(self, audio: Audio, encoder: Path | None = None) -> np.ndarray:
        """The voice of a recording, a unit vector, by the encoder in that place, None: the installed one. Raises EngineUnavailable without
        the encoder, EngineFailed for silence."""
        import torch

        try:
            return self._encoder(encoder).embed(torch.from_numpy(_resampled(audio, PRINT_RATE_HZ))).numpy()
        except ValueError as error:
            raise EngineFailed(NAME, str(error)) from error

    def likeness(self, audio: Audio, encoder: Path | None = None) -> Likeness:
        """A recording's voice and spectrum. Raises as `print_of`."""
        key = hashlib.sha256(audio.samples.tobytes()).hexdigest(), encoder
        if key not in self._likenesses:
            self._likenesses[key] = Likeness(self.print_of(audio, encoder), mel_of(audio))
        self._likenesses.move_to_end(key)
        while len(self._likenesses) > KEPT_RECORDINGS:
            self._likenesses.popitem(last=False)
        return self._likenesses[key]

    def _encoder(self, place: Path | None) -> FrozenSpeaker:
        from models.checkpoint import BadWeights
        from models.speech.frozen_speaker import open_frozen_speaker

        path = self.weights if place is None else place
        if path is None:
            raise EngineUnavailable(NAME, NO_PRINTS)
        if path not in self._nets:
            try:
                self._nets[path] = within_memory(lambda _: open_frozen_speaker(path), 1, NoRelief()).result
            except OutOfMemory as error:
                raise EngineUnavailable(NAME, "memory does not suffice to open the speaker encoder; close other programs, then start the work again.") from error
            except BadWeights as error:
                raise EngineUnavailable(NAME, str(error)) from error
        return self._nets[path]


@dataclass(frozen=True, slots=True)
class Continued:
    """A recording to go on from. `gain_ratio`: how much louder than itself the net hears it."""

    prompt: Prompt
    gain_ratio: float


def continued(recording: Recording, tokenizer: Tokenizer) -> Continued:
    """A recording as a prompt. Raises EngineFailed without its words or without speech."""
    from models.speech.passages import closed, levelled, prompt_sound
    from models.speech.synthesis import Prompt
    from models.speech.tokens import UnspeakableText

    if not recording.transcript.strip():
        raise EngineFailed(NAME, "this voice goes on from a recording and must know its words; type them where the recording was added.")
    try:
        loud = levelled(prompt_sound(_resampled(recording.audio, SPEECH_RATE_HZ), SPEECH_RATE_HZ))
        tokens = tokenizer.tokens(closed(recording.transcript))
    except (ValueError, UnspeakableText) as error:
        raise EngineFailed(NAME, f"the recording cannot be continued: {error}") from error
    return Continued(Prompt(mel_of(Audio(loud.samples, SPEECH_RATE_HZ)), tuple(tokens)), loud.gain_ratio)


def mel_of(audio: Audio) -> np.ndarray:
    """(frames, 100) log-mel of a sound."""
    import torch

    from models.speech.spectrum import VocoderMel

    with torch.inference_mode():
        return VocoderMel()(torch.from_numpy(_resampled(audio, SPEECH_RATE_HZ))[None])[0].numpy()


def _resampled(audio: Audio, rate_hz: int) -> np.ndarray:
    import numpy as np
    from soxr import resample

    samples = np.ascontiguousarray(audio.samples, np.float32)
    return samples if audio.rate_hz == rate_hz else np.asarray(resample(samples, audio.rate_hz, rate_hz), np.float32)
