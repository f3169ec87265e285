"""Voices told apart by timbre, in numpy and scipy: cepstrum, its movement and pitch, whitened by how one voice varies.

A rough ear: it parts voices that differ plainly, not two alike; a trained encoder can replace it behind the same protocol.
Enters 16 kHz speech; leaves a unit vector. `scripts/fit_timbre.py` makes the whitening (open recordings of ten people).
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.protocols import Audio, Availability

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 16_000
MIN_VOICED_SHARE = 0.1
_TABLES = Path(__file__).with_name("timbre.safetensors")
_SHA256 = "a473bc2c55ae5c0ad9693784c5241098f6ed702aa31f7aa28ad59aa2b5fd6547"


class TimbreEncoder:
    """SpeakerEncoder by signal statistics."""

    name = "timbre"
    version = "2"
    licence = "Apache-2.0"

    def __init__(self) -> None:
        self._describer: Any = None
        self._mean: Any = None
        self._whitening: Any = None

    def available(self) -> Availability:
        if not _TABLES.is_file():
            return Availability(False, f"its tables {_TABLES.name} are missing from the installation; install the studio again")
        return Availability(True, "ready; tells plainly different voices apart, so check the speakers it names")

    def load(self) -> None:
        """Raises EngineUnavailable when its tables are missing or damaged."""
        if self._describer is not None:
            return
        import numpy as np
        from safetensors.numpy import load

        from studio.engines.timbre_features import VoiceDescriber

        try:
            data = _TABLES.read_bytes()
        except OSError as error:
            raise EngineUnavailable(self.name, self.available().why) from error
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise EngineUnavailable(self.name, f"its tables {_TABLES.name} are damaged; install the studio again.")
        tables = load(data)
        self._mean, self._whitening = tables["mean"].astype(np.float64), tables["whitening"].astype(np.float64)
        self._describer = VoiceDescriber()

    def pitch_hz(self, audio: Audio) -> float | None:
        """Median pitch over voiced frames; None where fewer than a tenth of the loud frames are voiced. Raises as `embed`."""
        description = self._described(audio)
        log_pitch, _, voiced_share = description[-3:]
        return 100.0 * math.exp(log_pitch) if voiced_share >= MIN_VOICED_SHARE else None

    def _described(self, audio: Audio) -> np.ndarray:
        if audio.rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {audio.rate_hz} Hz; resample first.")
        self.load()
        return self._describer.describe(audio.samples)

    def embed(self, audio: Audio) -> np.ndarray:
        """Unit vector, float32, shape (dim,). Raises EngineFailed for another rate than 16 kHz, EngineUnavailable."""
        import numpy as np

        whitened = (self._described(audio) - self._mean) @ self._whitening
        return (whitened / max(float(np.linalg.norm(whitened)), 1e-9)).astype(np.float32)
