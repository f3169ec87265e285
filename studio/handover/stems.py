"""Sound for the mixer: a file per line, a stem per speaker, all voices as one premix, the untouched bed, the final mix.

Everything is made block by block while it is written: a film of two hours needs no more memory than a trailer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.plain import from_plain
from studio.domain.settings import MixSettings
from studio.handover.line_files import line_files, line_part
from studio.handover.material import HeardTake, Material
from studio.handover.package import Part, file_part
from studio.media.broadcast_wav import Stamp, WavShape, pcm24, wav_header, wav_size
from studio.media.limiter import Limiter
from studio.media.voices import PlacedTake, Voices
from studio.media.wav import wav_blocks, wav_samples
from studio.stages.mix import FADE_MS, MIX_RATE_HZ, MixRequest, take_levels
from studio.steps.render import Dub
from studio.store.blobs import BlobStore
from studio.workshop import Workshop

if TYPE_CHECKING:
    import numpy as np

LINES, STEMS = "lines", "stems"
PREMIX, BED, MIX = "dialogue_premix.wav", "music_and_effects", "final_mix.wav"
_BLOCK_SAMPLES = 1 << 16


@dataclass(slots=True)
class Levels:
    """The loudness of every take as the mix has it. Found when first asked for, because the original must be listened to."""

    material: Material
    blobs: BlobStore
    _found: dict[str, float] = field(default_factory=dict)

    def of(self, heard: Sequence[HeardTake]) -> list[float]:
        if not self._found:
            takes = [item.take.id for item in self.material.heard]
            self._found.update(zip(takes, take_levels(self._request()), strict=True))
        return [self._found[item.take.id] for item in heard]

    def _request(self) -> MixRequest:
        project, source = self.material.project, self.material.source
        return MixRequest(
            source=self.blobs.path(source.blob),
            info=source.info,
            track=project.settings.audio_track,
            shift_ms=project.settings.sound_shift_ms,
            takes=_placed(self.material.heard),
            settings=project.settings.mix,
        )


def line_parts(material: Material, blobs: BlobStore) -> tuple[Part, ...]:
    return tuple(line_part(file, material, blobs, LINES) for file in line_files(material))


def stem_parts(material: Material, levels: Levels) -> tuple[Part, ...]:
    """One mono WAV per speaker, as long as the picture to the sample; together they are the premix before its limiter."""
    return tuple(
        _long_part(f"{STEMS}/{name}.wav", material, lambda heard=material.of_speaker(speaker_id): _voices(heard, levels, material.samples))
        for speaker_id, name in material.tracks.items()
    )


def premix_part(material: Material, levels: Levels) -> Part:
    """All voices as one mono WAV of the picture's length, no true peak above the mix's ceiling."""
    ceiling_db = premix_ceiling_db(material.project.settings.mix)
    return _long_part(PREMIX, material, lambda: _limited(_voices(material.heard, levels, material.samples), ceiling_db))


def premix_ceiling_db(settings: MixSettings) -> float:
    return settings.true_peak_dbtp


def bed_part(material: Material, blobs: BlobStore) -> Part | None:
    """The uploaded music and effects, bit for bit; None where none was uploaded."""
    key = material.project.bed_blob
    return None if key is None else file_part(BED + Path(key).suffix, blobs.path(key))


def mix_part(material: Material, shop: Workshop) -> Part | None:
    """The mix of the last render, sample for sample, brought to the picture's exact length; None before a render."""
    kept: Dub | None = from_plain(Dub, shop.results.latest(material.project.id, "render"))
    if kept is None or not shop.blobs.exists(kept.mix):
        return None
    path = shop.blobs.path(kept.mix)
    return _long_part(MIX, material, lambda: _cut_to(wav_blocks(path, _BLOCK_SAMPLES), material.samples, 2), channels=2)


def mix_difference(material: Material, shop: Workshop) -> int:
    """By how many samples the stored mix is longer than the picture; negative: shorter. It is cut or filled with silence."""
    kept: Dub = from_plain(Dub, shop.results.latest(material.project.id, "render"))
    return wav_samples(shop.blobs.path(kept.mix), MIX_RATE_HZ) - material.samples


def _long_part(name: str, material: Material, blocks: Callable[[], Iterator[np.ndarray]], *, channels: int = 1) -> Part:
    """A WAV as long as the picture. `blocks()` yields float32 of shape (n,) or (n, channels), together `material.samples` long."""
    shape = WavShape(material.samples, MIX_RATE_HZ, channels)
    stamp = Stamp(Path(name).stem, material.base.samples(material.base.start_frame, MIX_RATE_HZ))

    def chunks() -> Iterator[bytes]:
        yield wav_header(shape, stamp)
        for block in blocks():
            yield pcm24(block)
        yield shape.pad

    return Part(name, wav_size(shape, stamp), chunks)


def _placed(heard: Sequence[HeardTake]) -> tuple[PlacedTake, ...]:
    return tuple(PlacedTake(item.path, item.start_ms, item.row.line.span) for item in heard)


def _voices(heard: Sequence[HeardTake], levels: Levels, samples: int) -> Iterator[np.ndarray]:
    voices = Voices(_placed(heard), MIX_RATE_HZ, fade_ms=FADE_MS, levels_lufs=levels.of(heard))
    for position in range(0, samples, _BLOCK_SAMPLES):
        yield voices.read(position, min(_BLOCK_SAMPLES, samples - position))


def _limited(blocks: Iterator[np.ndarray], ceiling_db: float) -> Iterator[np.ndarray]:
    limiter = Limiter(ceiling_db)
    for block in blocks:
        yield limiter.feed(block.reshape(-1, 1))
    yield limiter.finish()


def _cut_to(blocks: Iterator[np.ndarray], samples: int, channels: int) -> Iterator[np.ndarray]:
    import numpy as np

    left = samples
    for block in blocks:
        kept = block[:left]
        left -= len(kept)
        yield kept
        if not left:
            return
    while left:
        count = min(left, _BLOCK_SAMPLES)
        left -= count
        yield np.zeros((count, channels), dtype=np.float32)
