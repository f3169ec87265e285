"""Voices told apart by timbre, in numpy alone: cepstrum, its spread, pitch and spectral tilt of the loud frames.

A rough ear: it parts voices that differ plainly, not two alike; a trained encoder can replace it behind the same protocol.
Enters 16 kHz speech; leaves a unit vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.domain.errors import EngineFailed
from studio.engines.protocols import Audio, Availability

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 16_000


class TimbreEncoder:
    """SpeakerEncoder without weights of its own."""

    name = "timbre"
    version = "1"
    licence = "Apache-2.0"

    def available(self) -> Availability:
        return Availability(True, "ready; tells plainly different voices apart, check the speakers it names")

    def load(self) -> None:
        """Nothing to load."""

    def embed(self, audio: Audio) -> np.ndarray:
        """Unit vector, float32, shape (dim,). Raises EngineFailed for another rate than 16 kHz."""
        import numpy as np

        from studio.engines.timbre_features import describe

        if audio.rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {audio.rate_hz} Hz; resample first.")
        raw = describe(audio.samples)
        return (raw / max(float(np.linalg.norm(raw)), 1e-9)).astype(np.float32)
