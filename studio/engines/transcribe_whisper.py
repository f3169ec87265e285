"""Speech recognition by Whisper models through faster-whisper (CTranslate2), from a folder on this machine.

Doubtful hearing becomes no words rather than invented ones; the limits are in `Doubts`. Models: openai/whisper (MIT).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import Any

from models.out_of_memory import is_out_of_memory
from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.gpus import may_have_gpu
from studio.engines.memory_budget import Held, MemoryBudget, ModelFacts
from studio.engines.out_of_memory import OutOfMemory, within_memory
from studio.engines.protocols import Audio, Availability, Words
from studio.engines.weight_sizes import weights_bytes

RATE_HZ = 16_000
_PACKAGE = "faster_whisper"
_NEEDED = ("model.bin", "config.json")


@dataclass(frozen=True, slots=True)
class Doubts:
    """When a stretch counts as not understood: likely silence, low mean log-probability, or repetition (text that
    compresses too well). The first two are weighed together, as Whisper's authors do."""

    max_no_speech: float = 0.6
    min_log_probability: float = -1.0
    worst_log_probability: float = -1.5
    max_compression_ratio: float = 2.4


@dataclass(frozen=True, slots=True)
class WhisperPlace:
    """Where the model comes from. `allow_download` lets `folder` be a name on the model hub, fetched at first use. `device`: "auto", "cpu" or
    "cuda:0"."""

    folder: str | None = None
    allow_download: bool = False
    device: str = "auto"
    compute_type: str = "default"
    threads: int = 2


class WhisperTranscriber:
    """Transcriber for every language Whisper knows; UsesGpu."""

    name = "faster-whisper"
    licence = "MIT"

    def __init__(self, place: WhisperPlace | str | None = None, doubts: Doubts | None = None, budget: MemoryBudget | None = None) -> None:
        self._place = place if isinstance(place, WhisperPlace) else WhisperPlace(place)
        self._doubts = Doubts() if doubts is None else doubts
        self._budget = MemoryBudget() if budget is None else budget
        self._held: Held[Any] = self._budget.place(self._facts, self._read, lambda _model: self._facts().size_bytes)
        self._elsewhere: dict[str, WhisperTranscriber] = {}

    @property
    def version(self) -> str:
        """Which model listens is part of the version, so that another model's words are never reused."""
        return f"1:{Path(self._place.folder).name if self._place.folder else 'none'}"

    def available(self) -> Availability:
        """Looks at this machine's disk only."""
        if self._place.folder is None:
            return Availability(False, "no model is named; put a faster-whisper model in a folder and set LIPLINE_WHISPER to it")
        if importlib.util.find_spec(_PACKAGE) is None:
            return Availability(False, "the package faster-whisper is not installed; run: pip install faster-whisper")
        if self._is_local():
            return Availability(True, f"ready; model in {Path(self._place.folder).name}")
        if self._place.allow_download:
            return Availability(True, f"will fetch “{self._place.folder}” at first use")
        return Availability(False, f"{self._place.folder} holds no faster-whisper model ({' and '.join(_NEEDED)} are needed)")

    @property
    def needs_gpu(self) -> bool:
        return self._device() != "cpu"

    def on(self, device: str) -> WhisperTranscriber:
        if not device.startswith("cuda") or device == self._place.device:
            return self
        return self._elsewhere.setdefault(device, WhisperTranscriber(replace(self._place, device=device), self._doubts, self._budget))

    def load(self) -> None:
        """Raises EngineUnavailable."""
        with self._held.use():
            return

    def release(self) -> None:
        for one in (self, *self._elsewhere.values()):
            one._held.release()

    def transcribe(self, audio: Audio, language: str) -> Words:
        """Words of one stretch of speech; empty when nothing certain was heard. Raises EngineFailed, EngineUnavailable."""
        if audio.rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {audio.rate_hz} Hz; resample first.")
        with self._held.use() as model:
            if language != "en" and not model.model.is_multilingual:
                raise EngineFailed(self.name, f"the model {self._place.folder} knows English only, not “{language}”; use a multilingual one.")
            try:
                return within_memory(lambda _: self._heard(model, audio, language), 1, self._held.relief()).result
            except OutOfMemory as error:
                reason = f"memory does not suffice to listen to {len(audio.samples) / RATE_HZ:.0f} s of speech; close other programs, or name a smaller model."
                raise EngineFailed(self.name, reason) from error
            except (RuntimeError, ValueError) as error:
                raise EngineFailed(self.name, f"{error}") from error

    def _heard(self, model: Any, audio: Audio, language: str) -> Words:
        """One stretch at a time, and never with fewer beams: the words would depend on what else runs here."""
        segments, _ = model.transcribe(
            audio.samples, language=language, beam_size=5, condition_on_previous_text=False, without_timestamps=True, vad_filter=False
        )
        return trusted_words(segments, self._doubts)

    def _device(self) -> str:
        """Where it will compute; asks the library only where there may be a GPU."""
        if self._place.device != "auto":
            return self._place.device
        if self._place.folder is None or not may_have_gpu() or importlib.util.find_spec("ctranslate2") is None:
            return "cpu"
        import ctranslate2

        return "cuda:0" if ctranslate2.get_cuda_device_count() else "cpu"

    def _facts(self) -> ModelFacts:
        folder, name = self._weights(), Path(self._place.folder or "").name
        size = 0 if folder is None else weights_bytes((folder / "model.bin",))
        return ModelFacts(f"{self.name}: {name}", self._device(), size or None)

    def _weights(self) -> Path | None:
        """The model's folder here, also of one that was fetched by its name; None for one that was not fetched yet."""
        if self._is_local():
            return Path(self._place.folder)
        if self._place.folder is None or importlib.util.find_spec(_PACKAGE) is None:
            return None
        from faster_whisper import download_model

        try:
            return Path(download_model(self._place.folder, local_files_only=True))  # knows the short names, and asks no network
        except (ValueError, OSError):
            return None

    def _read(self) -> Any:
        verdict = self.available()
        if not verdict.is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from faster_whisper import WhisperModel

        place = self._place
        device, _, number = place.device.partition(":")
        try:
            return WhisperModel(
                place.folder,
                device=device,
                device_index=int(number or 0),
                compute_type=place.compute_type,
                cpu_threads=place.threads,
                local_files_only=not place.allow_download,
            )
        except (RuntimeError, ValueError, OSError) as error:
            if is_out_of_memory(error):  # the place makes room
                raise
            raise EngineUnavailable(self.name, f"the model {place.folder} cannot be read: {error}") from error

    def _is_local(self) -> bool:
        return self._place.folder is not None and all((Path(self._place.folder) / name).is_file() for name in _NEEDED)


def trusted_words(segments: Iterable[Any], doubts: Doubts) -> Words:
    """Text of the segments (`text`, `avg_logprob`, `no_speech_prob`, `compression_ratio`) that pass `doubts`, joined.

    Confidence is the mean probability per token of what was kept, weighted by length of text.
    """
    kept = [segment for segment in segments if segment.text.strip() and not _is_doubtful(segment, doubts)]
    text = " ".join(" ".join(segment.text.split()) for segment in kept)
    if not any(letter.isalnum() for letter in text):
        return Words("")
    total = sum(len(segment.text) for segment in kept)
    return Words(text, sum(exp(min(0.0, segment.avg_logprob)) * len(segment.text) for segment in kept) / total)


def _is_doubtful(segment: Any, doubts: Doubts) -> bool:
    is_silence = segment.no_speech_prob > doubts.max_no_speech and segment.avg_logprob < doubts.min_log_probability
    is_mumble = segment.avg_logprob < doubts.worst_log_probability
    return is_silence or is_mumble or segment.compression_ratio > doubts.max_compression_ratio
