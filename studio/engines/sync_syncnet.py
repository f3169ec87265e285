"""Lip synchrony by the published SyncNet, on weights the user has: `syncnet_v2.model`, named in LIPLINE_SYNCNET or laid into its folder.

Enter 224×224 crops of one face (once, to be cached) and any number of sounds for them; leave LSE-C, LSE-D and the AV offset as the
papers report them (papers §5.1). The two crop protocols give numbers that must not be compared, so an engine is of one `crop`.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.domain.errors import EngineFailed, EngineUnavailable, NotMeasurable
from studio.domain.sync import SyncScore
from studio.engines.protocols import Audio, Availability
from studio.engines.sync_lips import SILENT_LEVEL, is_still

if TYPE_CHECKING:
    import numpy as np

    from models.sync.scoring import OffsetDistances

Crop = Literal["track", "face"]
PLACE_VARIABLE = "LIPLINE_SYNCNET"
FILE_NAME = "syncnet_v2.model"


class SyncNetScorer:
    """SyncScorer over `models.sync.syncnet`. `place`: the file of weights or the folder that holds it; None: what LIPLINE_SYNCNET
    names, else the project's folder of weights, else what `models pull` fetched. `crop`: "track" (the whole pipeline for real videos)
    or "face" (frames that are already cut to the face, resized)."""

    name = "syncnet_v2"
    licence = "its authors'"

    def __init__(self, place: Path | None = None, *, crop: Crop = "track", device: str = "cpu") -> None:
        self.crop: Crop = crop
        self._device = device
        self._place = place
        self._net: Any = None
        self._version: str | None = None

    def with_crop(self, crop: Crop) -> SyncNetScorer:
        """The same scorer for crops of the other protocol; a net that is loaded is shared."""
        made = SyncNetScorer(self._place, crop=crop, device=self._device)
        made._net, made._version = self._net, self._version
        return made

    @property
    def version(self) -> str:
        """The first letters of the weights' sha256; "none" without weights."""
        if self._version is None:
            from models.checkpoint import sha256_of

            path = self._weights()
            if not path.is_file():
                return "1-none"
            self._version = f"1-{sha256_of(path)[:12]}"
        return self._version

    def available(self) -> Availability:
        """Looks at this machine's disk only."""
        path = self._weights()
        if not path.is_file():
            fetch = f"fetch them with python -m studio models pull {self.name}"
            return Availability(False, f"its weights are not here; {fetch}, put {FILE_NAME} into {path.parent} or set {PLACE_VARIABLE} to where it is")
        if importlib.util.find_spec("torch") is None:
            return Availability(False, "the package torch is not installed; run: pip install torch")
        return Availability(True, f"ready; weights {path.name}, crop “{self.crop}”")

    def load(self) -> None:
        """Raises EngineUnavailable for missing or damaged weights, and for those of another net."""
        if self._net is not None:
            return
        verdict = self.available()
        if not verdict.is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from models.checkpoint import BadWeights
        from models.sync.folded import FoldedSyncNet
        from models.sync.syncnet import open_syncnet

        try:
            self._net = FoldedSyncNet(open_syncnet(self._weights())).to(self._device)
        except BadWeights as error:
            raise EngineUnavailable(self.name, str(error)) from error

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 BGR, (frames, 224, 224, 3), 25 Hz → float32 (frames − 5, 1024): the windows of the protocol. Memory is bounded by a
        batch. Raises NotMeasurable under six frames and for a still picture; EngineFailed for another shape."""
        from models.sync.syncnet import SIDE_PX
        from models.sync.syncnet_windows import FEWEST_FRAMES, embed_lips

        if pictures.ndim != 4 or pictures.shape[1:] != (SIDE_PX, SIDE_PX, 3) or pictures.dtype.name != "uint8":
            raise EngineFailed(self.name, f"it looks at BGR pictures of {SIDE_PX}×{SIDE_PX} px in uint8, not at {pictures.dtype} of shape {pictures.shape}.")
        if len(pictures) < FEWEST_FRAMES:
            raise NotMeasurable(f"The face is seen for {len(pictures)} frames; at least {FEWEST_FRAMES} are needed to judge its sync.")
        if is_still(pictures[:, ::4, ::4]):
            raise NotMeasurable("The face does not move at all: it is a still picture, and there is nothing to be in sync with.")
        self.load()
        return embed_lips(self._net, pictures)

    def score(self, lips: np.ndarray, audio: Audio) -> SyncScore:
        """Rows of NaN in `lips` are left out. Raises NotMeasurable for silence, for under six frames of either and where all rows are NaN; EngineFailed for lips of another scorer."""
        found = self.distances(lips, audio)
        return SyncScore(self.name, self.crop, found.lse_c, found.lse_d, found.offset_frames, found.windows)

    def distances(self, lips: np.ndarray, audio: Audio) -> OffsetDistances:
        """The mean distance at every offset within ±15 frames. `audio` at any rate. Raises as `score`."""
        from models.sync.scoring import NothingToScore, offset_distances
        from models.sync.syncnet import EMBEDDING
        from models.sync.syncnet_windows import embed_sound

        if lips.ndim != 2 or lips.shape[1] != EMBEDDING:
            raise EngineFailed(self.name, f"lip embeddings of shape {lips.shape} are not its own, which are {EMBEDDING} wide.")
        samples = self._heard(len(lips), audio)
        self.load()
        try:
            return offset_distances(lips, embed_sound(self._net, samples))
        except NothingToScore as error:
            raise NotMeasurable("The face does not move while this sound is heard: the picture stands still.") from error

    def _heard(self, windows: int, audio: Audio) -> np.ndarray:
        """The part of the sound that meets the picture, at 16 kHz."""
        import numpy as np

        from models.parts.mfcc import RATE_HZ
        from models.sync.syncnet import WINDOW_FRAMES
        from models.sync.syncnet_windows import FEWEST_FRAMES, SAMPLES_PER_FRAME

        samples = np.asarray(audio.samples, dtype=np.float32)
        if not np.isfinite(samples).all():
            raise EngineFailed(self.name, "the sound holds samples that are no numbers.")
        if audio.rate_hz != RATE_HZ:
            import soxr

            samples = soxr.resample(samples, audio.rate_hz, RATE_HZ)
        frames = min(windows + WINDOW_FRAMES, len(samples) // SAMPLES_PER_FRAME)
        if windows == 0 or frames < FEWEST_FRAMES:
            raise NotMeasurable(f"Face and sound share {frames} frames; at least {FEWEST_FRAMES} are needed to judge their sync.")
        samples = samples[: frames * SAMPLES_PER_FRAME]
        if float(np.abs(samples).max()) < SILENT_LEVEL:
            raise NotMeasurable("There is no sound while the face is seen, so there is nothing to judge.")
        return samples

    def _weights(self) -> Path:
        """Where the file is or should be."""
        from models.checkpoint import WEIGHTS_FOLDER, read_manifest

        place = self._place
        if place is None and os.environ.get(PLACE_VARIABLE):
            place = Path(os.environ[PLACE_VARIABLE])
        elif place is None:
            place = WEIGHTS_FOLDER / "syncnet"
            fetched = None if (place / FILE_NAME).is_file() else read_manifest().find_public(self.name).cached_folder()
            place = place if fetched is None else fetched
        return place / FILE_NAME if place.is_dir() or not place.suffix else place
