"""The dub as CMX 3600 edit lists: one per speaker and lane, audio only, at most 999 events each, reels of eight characters.

Source and record times are the same, because every file is stamped with the timecode at which it belongs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from studio.handover.line_files import LineFile
from studio.handover.names import reel_names
from studio.handover.timeline import DubTimeline, TimelineMarker, TimelineTrack, one_line

MAX_EVENTS = 999
_TITLE_CHARS = 70
_COMMENT_CHARS = 120


def edit_lists(timeline: DubTimeline) -> dict[str, str]:
    """File name → list. A track of more events than a list can number goes on in further lists."""
    reels = reel_names(file.heard.row.line.id for track in timeline.tracks for file in track.clips)
    marks = _by_event(timeline)
    out = {}
    for track in timeline.tracks:
        pieces = [track.clips[at : at + MAX_EVENTS] for at in range(0, len(track.clips), MAX_EVENTS)]
        for number, clips in enumerate(pieces, start=1):
            name = track.name if len(pieces) == 1 else f"{track.name}_part{number}"
            events = [tuple(_event(index, file, timeline, reels, marks)) for index, file in enumerate(clips, start=1)]
            events[0] += tuple(_legend(timeline, track))
            out[f"{name}.edl"] = "\r\n".join([*_head(timeline, name), *(line for event in events for line in event), ""])
    return out


def _head(timeline: DubTimeline, name: str) -> Iterator[str]:
    material = timeline.material
    yield f"TITLE: {one_line(material.project.name, _TITLE_CHARS - len(name) - 1)} {name}"
    yield f"FCM: {'DROP FRAME' if material.base.is_drop_frame else 'NON-DROP FRAME'}"


def _legend(timeline: DubTimeline, track: TimelineTrack) -> Iterator[str]:
    """What holds for the whole list. It stands under the first event: some readers take no comment before one."""
    fps = timeline.material.base.fps
    yield f"* RATE: {fps.numerator}/{fps.denominator} frames a second."
    yield f"* SPEAKER: {one_line(track.speaker)}{f', lane {track.lane}' if track.lane > 1 else ''}."
    yield "* REELS: the first eight letters and digits of the line's id; FROM CLIP NAME is the file."


def _event(number: int, file: LineFile, timeline: DubTimeline, reels: dict[str, str], marks: dict[str, list[TimelineMarker]]) -> Iterator[str]:
    base, row = timeline.material.base, file.heard.row
    start, end = base.timecode(file.start), base.timecode(file.end)
    yield f"{number:03d}  {reels[row.line.id]:<8} A     C        {start} {end} {start} {end}"
    yield f"* FROM CLIP NAME: {file.name}"
    yield f"* LINE {row.number}: {one_line(file.heard.take.text, _COMMENT_CHARS)}"
    for marker in marks.get(row.line.id, ()):
        colour = "YELLOW" if marker.is_note else "RED"
        yield f"* LOC: {base.timecode(marker.frame)} {colour:<7} {one_line(marker.text, _COMMENT_CHARS)}"


def _by_event(timeline: DubTimeline) -> dict[str, list[TimelineMarker]]:
    """Markers by the line under whose event they stand: their own, or the last that has begun when they come."""
    files = sorted((file for track in timeline.tracks for file in track.clips), key=lambda file: file.start)
    heard = {file.heard.row.line.id for file in files}
    found: dict[str, list[TimelineMarker]] = {}
    for marker in timeline.markers:
        line_id = marker.line_id if marker.line_id in heard else _line_at(files, marker.frame)
        found.setdefault(line_id, []).append(marker)
    return found


def _line_at(files: Sequence[LineFile], frame: int) -> str:
    index = bisect_right([file.start for file in files], frame) - 1
    return files[max(0, index)].heard.row.line.id
