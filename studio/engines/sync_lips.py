"""Lip synchrony by the scorer this project trained: grey mouth crops against 16 kHz speech, weights bundled.

Enter mouths of a face track (once, to be cached) and any number of sounds for them; leave LSE-C, LSE-D and the AV offset as papers §5.1
defines them, but for the ends: where an offset leaves lips without sound, its mean is over the others, for zeros lie near to embeddings
of unit length. Numbers are this scorer's own.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import EngineFailed, EngineUnavailable, NotMeasurable
from studio.domain.faces import FACE_RATE_HZ
from studio.domain.sync import SyncScore
from studio.engines.protocols import Audio, Availability

if TYPE_CHECKING:
    import numpy as np

    from models.sync.scoring import OffsetDistances

RATE_HZ = 16_000
SAMPLES_PER_FRAME = RATE_HZ // FACE_RATE_HZ
FEWEST_FRAMES = 6
SILENT_LEVEL = 1e-3  # −60 dBFS: a sound that never gets louder holds no speech
STILL_GREY = 0.15  # mouths that change less than this from frame to frame, of 255, are a still picture
_CHUNK_FRAMES, _CONTEXT_FRAMES = 250, 16  # the nets see some 10 frames around each
_BUNDLED = "lip-scorer"


class LipSyncScorer:
    """SyncScorer over `models.sync.lip_scorer`. `folder` None: the bundled weights."""

    name = "lipline-lips"
    crop = "mouth"
    licence = "research and demo use"

    def __init__(self, folder: Path | None = None) -> None:
        self._bundled_sha256: str | None = None
        if folder is None:
            from models.checkpoint import WEIGHTS_FOLDER, read_manifest

            self._folder = WEIGHTS_FOLDER / _BUNDLED
            self._bundled_sha256 = next((entry.sha256 for entry in read_manifest().bundled if entry.name == _BUNDLED), None)
        else:
            self._folder = folder
        self._net: Any = None
        self._version: str | None = None

    @property
    def version(self) -> str:
        """The first letters of the weights' sha256; "none" without weights."""
        if self._version is None:
            from models.checkpoint import sha256_of

            path = self._weights()
            sha256 = self._bundled_sha256 if self._bundled_sha256 is not None else sha256_of(path) if path.is_file() else "none"
            self._version = f"1-{sha256[:12]}"
        return self._version

    def available(self) -> Availability:
        if not self._weights().is_file():
            return Availability(False, f"its weights {self._folder.name} are not here; train them with python -m models.recipes.syncnet")
        if importlib.util.find_spec("torch") is None:
            return Availability(False, "the package torch is not installed; run: pip install torch")
        return Availability(True, "ready; its numbers are its own and must not be held against those of another scorer")

    def load(self) -> None:
        """Raises EngineUnavailable for missing or altered weights."""
        if self._net is not None:
            return
        verdict = self.available()
        if not verdict.is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from models.checkpoint import BadWeights
        from models.sync.lip_scorer import load_lip_scorer

        try:
            self._net = load_lip_scorer(self._folder, sha256=self._bundled_sha256)
        except BadWeights as error:
            raise EngineUnavailable(self.name, str(error)) from error

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 mouths, (frames, 64, 64), 25 Hz → float32 (frames, dim), unit length. Raises NotMeasurable under six frames, and for a
        still picture; EngineFailed for another shape."""
        import numpy as np
        import torch

        if pictures.ndim != 3 or pictures.shape[1:] != (64, 64):
            raise EngineFailed(self.name, f"it looks at grey mouths of 64×64 px, not at pictures of shape {pictures.shape[1:]}.")
        if len(pictures) < FEWEST_FRAMES:
            raise NotMeasurable(f"The mouth is seen for {len(pictures)} frames; at least {FEWEST_FRAMES} are needed to judge its sync.")
        if is_still(pictures):
            raise NotMeasurable("The mouth does not move at all: it is a still picture, and there is nothing to be in sync with.")
        self.load()
        found = []
        with torch.inference_mode():
            for start in range(0, len(pictures), _CHUNK_FRAMES):
                first, last = max(0, start - _CONTEXT_FRAMES), min(len(pictures), start + _CHUNK_FRAMES + _CONTEXT_FRAMES)
                seen = self._net.lips(torch.from_numpy(np.ascontiguousarray(pictures[first:last]))[None])[0]
                found.append(seen[start - first : start - first + _CHUNK_FRAMES].numpy())
        return np.concatenate(found).astype(np.float32, copy=False)

    def score(self, lips: np.ndarray, audio: Audio) -> SyncScore:
        """Rows of NaN in `lips` are left out. Raises NotMeasurable for silence, for under six frames of either, and where all rows are NaN."""
        found = self.distances(lips, audio)
        return SyncScore(self.name, self.crop, found.lse_c, found.lse_d, found.offset_frames, found.windows)

    def distances(self, lips: np.ndarray, audio: Audio) -> OffsetDistances:
        """The mean distance at every offset within ±15 frames. Raises as `score`."""
        import numpy as np
        import torch

        from models.sync.scoring import NothingToScore, offset_distances

        self._check(lips, audio)
        self.load()
        frames = min(len(lips), len(audio.samples) // SAMPLES_PER_FRAME)
        found = []
        with torch.inference_mode():
            for start in range(0, frames, _CHUNK_FRAMES):
                first, last = max(0, start - _CONTEXT_FRAMES), min(frames, start + _CHUNK_FRAMES + _CONTEXT_FRAMES)
                samples = np.ascontiguousarray(audio.samples[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME])
                found.append(self._net.sound(torch.from_numpy(samples)[None])[0, start - first : start - first + _CHUNK_FRAMES].numpy())
        try:
            return offset_distances(lips[:frames], np.concatenate(found), is_padded=False)
        except NothingToScore as error:
            raise NotMeasurable("The mouth does not move while this sound is heard: the picture stands still.") from error

    def _check(self, lips: np.ndarray, audio: Audio) -> None:
        import numpy as np

        if audio.rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {audio.rate_hz} Hz; resample first.")
        frames = min(len(lips), len(audio.samples) // SAMPLES_PER_FRAME)
        if frames < FEWEST_FRAMES:
            raise NotMeasurable(f"Mouth and sound share {frames} frames; at least {FEWEST_FRAMES} are needed to judge their sync.")
        if float(np.abs(audio.samples[: frames * SAMPLES_PER_FRAME]).max()) < SILENT_LEVEL:
            raise NotMeasurable("There is no sound while the mouth is seen, so there is nothing to judge.")

    def _weights(self) -> Path:
        from models.checkpoint import MODEL_FILE

        return self._folder / MODEL_FILE


def is_still(pictures: np.ndarray) -> bool:
    """Whether hardly anything ever changes from one mouth to the next."""
    import numpy as np

    steps = range(0, len(pictures) - 1, max(1, len(pictures) // 500))
    changes = [float(np.abs(pictures[at + 1].astype(np.int16) - pictures[at]).mean()) for at in steps]
    return float(np.percentile(changes, 90)) < STILL_GREY
