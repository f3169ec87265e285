"""The dub as an OpenTimelineIO timeline: every take on its speaker's track at its timecode, cut out of its own file.

Times count in frames of the programme from midnight, as the per-line files are stamped, so that tools that go by timecode and
tools that go by path find the same sound.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from studio.domain.timebase import Timebase
from studio.handover.line_files import LineFile
from studio.handover.stems import LINES
from studio.handover.timeline import DubTimeline, TimelineMarker, TimelineTrack

if TYPE_CHECKING:
    from opentimelineio.opentime import RationalTime, TimeRange
    from opentimelineio.schema import Clip, Marker, Timeline, Track

OTIO_SUFFIX = ".otio"
_NAMESPACE = "lipline"


def otio_text(timeline: DubTimeline) -> str:
    """The `.otio` file, JSON with two spaces, as the library writes it; the same timeline gives the same text."""
    return json.dumps(json.loads(_timeline(timeline).to_json_string()), ensure_ascii=False, indent=2) + "\n"


def _timeline(timeline: DubTimeline) -> Timeline:
    from opentimelineio import schema

    material, base = timeline.material, timeline.material.base
    out = schema.Timeline(material.project.name, global_start_time=_time(base.start_frame, base))
    out.metadata[_NAMESPACE] = {
        "rate": f"{base.fps.numerator}/{base.fps.denominator}",
        "drop_frame": base.is_drop_frame,
        "start_timecode": base.timecode(0),
        "source_language": material.project.source_language,
        "target_language": material.project.target_language,
    }
    out.tracks.append(_picture(timeline))
    for track in timeline.tracks:
        out.tracks.append(_track(track, base))
    out.tracks.markers.extend(_marker(marker, base) for marker in timeline.markers)
    return out


def _picture(timeline: DubTimeline) -> Track:
    """The source, which is not part of the delivery: a clip by its name, to be linked again where the tool has the file."""
    from opentimelineio import schema

    base, source = timeline.material.base, timeline.material.source
    kind = schema.TrackKind.Video if source.info.video is not None else schema.TrackKind.Audio
    track = schema.Track("Picture" if source.info.video is not None else "Original", kind=kind)
    shown = _range(base.start_frame, timeline.frames, base)
    track.append(schema.Clip(source.name, media_reference=schema.MissingReference(available_range=shown), source_range=shown))
    return track


def _track(track: TimelineTrack, base: Timebase) -> Track:
    from opentimelineio import schema

    out = schema.Track(track.name, kind=schema.TrackKind.Audio)
    out.metadata[_NAMESPACE] = {"speaker": track.speaker, "lane": track.lane}
    at = 0
    for file in track.clips:
        if file.start > at:
            out.append(schema.Gap(source_range=_range(0, file.start - at, base)))
        out.append(_clip(file, base))
        at = file.end
    return out


def _clip(file: LineFile, base: Timebase) -> Clip:
    from opentimelineio import schema

    first = base.start_frame
    media = schema.ExternalReference(
        quote(f"{LINES}/{file.name}"), available_range=_range(first + file.file_start, file.file_end - file.file_start, base)
    )
    clip = schema.Clip(file.name.removesuffix(".wav"), media_reference=media, source_range=_range(first + file.start, file.end - file.start, base))
    clip.metadata[_NAMESPACE] = _about(file)
    return clip


def _about(file: LineFile) -> dict[str, Any]:
    row, take = file.heard.row, file.heard.take
    return {
        "line": row.number,
        "line_id": row.line.id,
        "take_id": take.id,
        "speaker": row.speaker.name,
        "source": row.line.source_text,
        "target": take.text,
        "status": row.line.status.value,
        "voice": f"{take.voice.engine} {take.voice.voice}",
        "start_samples": file.heard.start_samples,
        "length_samples": file.heard.length_samples,
    }


def _marker(marker: TimelineMarker, base: Timebase) -> Marker:
    from opentimelineio import schema

    colour = schema.MarkerColor.YELLOW if marker.is_note else schema.MarkerColor.ORANGE
    out = schema.Marker(marker.text, marked_range=_range(marker.frame, 1, base), color=colour)
    out.metadata[_NAMESPACE] = {"kind": "note" if marker.is_note else "flag", "line_id": marker.line_id}
    return out


def _range(start: int, count: int, base: Timebase) -> TimeRange:
    from opentimelineio.opentime import TimeRange

    return TimeRange(_time(start, base), _time(count, base))


def _time(frame: int, base: Timebase) -> RationalTime:
    from opentimelineio.opentime import RationalTime

    return RationalTime(frame, float(base.fps))

