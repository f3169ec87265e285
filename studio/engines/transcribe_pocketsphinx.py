"""Draft English recognition by pocketsphinx, whose wheel carries a small model. Good for clean speech only; never a default."""

from __future__ import annotations

import importlib.util
from typing import Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.protocols import Audio, Availability, Words

RATE_HZ = 16_000
QUIETEST_RMS = 1e-3


class PocketsphinxTranscriber:
    """Transcriber for English. One decoder, reset for every stretch."""

    name = "pocketsphinx"
    version = "5-draft-1"
    licence = "BSD-2-Clause"
    is_draft = True

    def __init__(self) -> None:
        self._decoder: Any = None

    def available(self) -> Availability:
        if importlib.util.find_spec("pocketsphinx") is None:
            return Availability(False, "the optional package pocketsphinx is not installed; run: pip install pocketsphinx")
        return Availability(True, "ready; English only, draft quality")

    def load(self) -> None:
        """Raises EngineUnavailable."""
        if self._decoder is not None:
            return
        verdict = self.available()
        if not verdict.is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from pocketsphinx import Decoder

        try:
            self._decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailable(self.name, f"its model cannot be read: {error}") from error

    def transcribe(self, audio: Audio, language: str) -> Words:
        """Words of one stretch of English. Raises EngineFailed for another language or rate."""
        import numpy as np

        if language != "en":
            raise EngineFailed(self.name, f"it knows English only, not “{language}”; choose another transcriber.")
        if audio.rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {audio.rate_hz} Hz; resample first.")
        self.load()
        if not len(audio.samples) or float(np.sqrt(np.mean(np.square(audio.samples)))) < QUIETEST_RMS:
            return Words("")  # its search always ends in some word, in silence too
        sound = (np.clip(audio.samples, -1, 1) * 32767).astype("<i2").tobytes()
        try:
            self._decoder.start_utt()
            self._decoder.process_raw(sound, full_utt=True)
            self._decoder.end_utt()
        except RuntimeError as error:
            raise EngineFailed(self.name, f"{error}") from error
        heard = self._decoder.hyp()
        return Words("") if heard is None or not heard.hypstr.strip() else Words(heard.hypstr.strip())
