"""What every delivery is made from: the lines as they stand, the takes that will be heard, and where each lies to the sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import NotReady
from studio.domain.line import Take
from studio.domain.project import Project, Source
from studio.domain.timebase import Timebase, picture_samples, timebase_of
from studio.domain.views import LineRow
from studio.handover.names import speaker_names
from studio.media.wav import wav_samples
from studio.stages.fit import place
from studio.stages.mix import MIX_RATE_HZ
from studio.steps.render import source_of
from studio.store.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class HeardTake:
    """A take in its place. `start_samples`, `length_samples` at 48 kHz on the programme's own timeline, from its first picture."""

    row: LineRow
    take: Take
    path: Path
    start_ms: int
    start_samples: int
    length_samples: int

    @property
    def end_samples(self) -> int:
        return self.start_samples + self.length_samples


@dataclass(frozen=True, slots=True)
class Material:
    """A programme ready to be handed over. `heard` is in timeline order; `tracks`: a name per speaker id, safe as a file name, of
    those who are heard, in the order in which they first speak."""

    project: Project
    source: Source
    rows: tuple[LineRow, ...]
    heard: tuple[HeardTake, ...]
    tracks: dict[str, str]
    base: Timebase
    samples: int

    def of_speaker(self, speaker_id: str) -> tuple[HeardTake, ...]:
        return tuple(heard for heard in self.heard if heard.row.speaker.id == speaker_id)

    def speaker_name(self, speaker_id: str) -> str:
        return next(row.speaker.name for row in self.rows if row.speaker.id == speaker_id)


def gather(project: Project, rows: tuple[LineRow, ...], blobs: BlobStore) -> Material:
    """Takes as the mix places them. Raises NotReady without media, or where no line has a take."""
    source = source_of(project)
    heard = _heard(project, source, rows, blobs)
    if not heard:
        raise NotReady(f"“{project.name}” has no takes yet; voice its lines on the Lines tab first.")
    base = timebase_of(source.info, start_hour=project.settings.handover.start_hour)
    order = dict.fromkeys((item.row.speaker.id, item.row.speaker.name) for item in heard)
    return Material(project, source, rows, heard, speaker_names(order), base, picture_samples(source.info, MIX_RATE_HZ))


def _heard(project: Project, source: Source, rows: tuple[LineRow, ...], blobs: BlobStore) -> tuple[HeardTake, ...]:
    end_ms = source.info.duration_ms
    by_line = {row.line.id: (row, row.take) for row in rows if row.take is not None and row.line.span.start_ms < end_ms}
    placed = place([row.line for row, _ in by_line.values()], {line_id: take.report for line_id, (_, take) in by_line.items()}, end_ms)
    return tuple(_placed(*by_line[item.line_id], item.start_ms, blobs) for item in placed)


def _placed(row: LineRow, take: Take, start_ms: int, blobs: BlobStore) -> HeardTake:
    path = blobs.path(take.fitted_blob)
    start = (2 * start_ms * MIX_RATE_HZ + 1000) // 2000
    return HeardTake(row, take, path, start_ms, start, wav_samples(path, MIX_RATE_HZ))
