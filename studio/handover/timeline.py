"""A programme as tracks of clips counted in frames: what OpenTimelineIO and edit lists are both written from.

Each speaker has a track; takes of one speaker that overlap go to further lanes of it. Clips are cut out of the per-line files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.domain.line import LineStatus
from studio.domain.notes import Note
from studio.domain.views import LineRow
from studio.handover.line_files import LineFile, line_files
from studio.handover.material import Material

MAX_MARKER_CHARS = 200


@dataclass(frozen=True, slots=True)
class TimelineMarker:
    """A point of the programme that somebody should look at. `frame` counts from the first picture. `is_note`: a person's words,
    else a flag of the studio's."""

    frame: int
    text: str
    is_note: bool
    line_id: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineTrack:
    """Clips in order, none of them overlapping. `lane` counts from 1; `name` is safe as a file name, `speaker` is as typed."""

    speaker_id: str
    speaker: str
    name: str
    lane: int
    clips: tuple[LineFile, ...]


@dataclass(frozen=True, slots=True)
class DubTimeline:
    material: Material
    tracks: tuple[TimelineTrack, ...]
    markers: tuple[TimelineMarker, ...]

    @property
    def frames(self) -> int:
        """Length of the picture, in whole frames."""
        return self.material.base.end_frame(self.material.source.info.duration_ms)


def dub_timeline(material: Material, notes: Sequence[Note] = ()) -> DubTimeline:
    files = line_files(material)
    tracks = tuple(
        TimelineTrack(speaker_id, material.speaker_name(speaker_id), name if lane == 1 else f"{name}_{lane}", lane, clips)
        for speaker_id, name in material.tracks.items()
        for lane, clips in enumerate(_lanes([file for file in files if file.heard.row.speaker.id == speaker_id]), start=1)
    )
    return DubTimeline(material, tracks, _markers(material, notes))


def _lanes(files: Sequence[LineFile]) -> list[tuple[LineFile, ...]]:
    """Every clip in the first lane that is free when it begins."""
    lanes: list[list[LineFile]] = []
    for file in sorted(files, key=lambda file: (file.start, file.end)):
        lane = next((lane for lane in lanes if lane[-1].end <= file.start), None)
        if lane is None:
            lanes.append([file])
        else:
            lane.append(file)
    return [tuple(lane) for lane in lanes]


def _markers(material: Material, notes: Sequence[Note]) -> tuple[TimelineMarker, ...]:
    rows = {row.line.id: row for row in material.rows}
    found = [_note_marker(material, note, rows) for note in notes if note.is_open]
    found += [_flag_marker(material, row) for row in material.rows if _said(row) and row.line.status is not LineStatus.LOCKED]
    return tuple(sorted(found, key=lambda marker: (marker.frame, not marker.is_note, marker.text)))


def _note_marker(material: Material, note: Note, rows: dict[str, LineRow]) -> TimelineMarker:
    row = rows.get(note.line_id or "")
    at_ms = note.at_ms if note.at_ms is not None else row.line.span.start_ms if row is not None else 0
    head = f"Line {row.number}, " if row is not None else ""
    return TimelineMarker(material.base.first_frame(at_ms), one_line(f"{head}{note.by}: {note.text}"), True, row.line.id if row is not None else None)


def _flag_marker(material: Material, row: LineRow) -> TimelineMarker:
    return TimelineMarker(material.base.first_frame(row.line.span.start_ms), one_line(f"Line {row.number}: {' '.join(_said(row))}"), False, row.line.id)


def _said(row: LineRow) -> tuple[str, ...]:
    """What is flagged on a line, and what its script noted."""
    return (*row.flags, *row.line.notes)


def one_line(text: str, max_chars: int = MAX_MARKER_CHARS) -> str:
    """Text as one printable line, cut where it is longer than a list can show."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= max_chars else flat[: max_chars - 1].rstrip() + "…"
