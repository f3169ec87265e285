"""FACES: the picture, once through: who is seen when, whose mouth speaks, and how every line stands to it. Needs the sound, no lines.

Other steps read what is kept: `kept_faces` and `kept_presence` look only, `face_tracks` and `presences` look at the picture if need be.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.domain.errors import EngineUnavailable
from studio.domain.faces import FACE_RATE_HZ, FaceTracks, LinePresence, Presence
from studio.domain.line import Line
from studio.domain.plain import fingerprint, from_plain
from studio.domain.project import JobKind, Project, Source
from studio.domain.timing import TimeSpan
from studio.engines.protocols import FaceTracker
from studio.media.face_archive import FaceArchive, FaceArchiveWriter
from studio.media.pictures import PictureQuery, pictures
from studio.stages.faces import Watch, track_faces
from studio.stages.face_speech import assign, speaking
from studio.steps.run import Run
from studio.steps.speech import speech_of
from studio.workshop import Workshop

FACES_VERSION = "2"  # changes whenever the same picture may give other tracks
PRESENCE_VERSION = "2"  # changes whenever the same tracks, speech and lines may give other verdicts
LONGEST_PX = 1280  # larger pictures are scaled down to this before anyone looks at them
NO_PICTURE = "There is no picture in this programme, so there are no lips to follow; lines are timed by their text alone."
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class KeptFaces:
    """Face tracks, with the source they were seen in."""

    source: str
    tracks: FaceTracks


@dataclass(frozen=True, slots=True)
class SeenLine:
    """What was found about one line, as the line was then."""

    line_id: str
    span: TimeSpan
    speaker_id: str
    presence: LinePresence


@dataclass(frozen=True, slots=True)
class SeenLines:
    """The tracks with who speaks known, and every line against them."""

    faces: KeptFaces
    lines: tuple[SeenLine, ...]


def run(run: Run) -> None:
    found = presences(run)
    run.notice("faces", _told(run.project, found))


def where_guided(run: Run) -> None:
    """Before voicing: look for faces only where a wanted line follows them, so that a plain dub stays as fast as it is."""
    source = run.project.source
    if source is None or source.info.video is None or not any(_is_guided(run, line) for line in run.shop.lines.cast(run.project.id).lines):
        return
    try:
        found = presences(run)
    except EngineUnavailable as error:
        run.notice("faces", f"Lines are timed without the lips: {error}")
        return
    run.notice("faces", _told(run.project, found))


def with_points(run: Run) -> None:
    """Have the landmarks of every face at hand: archives of before they were kept are looked at again. Raises EngineUnavailable."""
    face_tracks(run, wants_points=True)


def face_tracks(run: Run, *, wants_points: bool = False) -> FaceTracks | None:
    """The faces of the project's picture, looked for if need be; None where there is no picture. Raises EngineUnavailable."""
    source = run.project.source
    if source is None or source.info.video is None:
        return None
    tracker: FaceTracker = run.shop.engines.pick("face tracker")
    _wait_for_others(run)
    blobs = run.shop.blobs

    def is_whole(kept: KeptFaces) -> bool:
        if kept.tracks.archive is None:
            return True
        return blobs.exists(kept.tracks.archive) and (not wants_points or FaceArchive(blobs.path(kept.tracks.archive)).has_points)

    key = fingerprint("faces", FACES_VERSION, source.blob, tracker.name, tracker.version, LONGEST_PX)
    kept = run.once("faces", key, KeptFaces, lambda: KeptFaces(source.blob, _look(run, source, tracker)), is_whole=is_whole)
    return kept.tracks


def presences(run: Run) -> SeenLines | None:
    """Every line of the project against its faces, brought up to date; None where there is no picture."""
    tracks = face_tracks(run)
    return None if tracks is None else _placed(run, tracks)


def kept_presences(run: Run) -> SeenLines | None:
    """As `presences`, where someone has looked at the picture before; else None."""
    plain = run.shop.results.latest(run.project.id, "faces")
    if plain is None or not _is_of(run.shop, run.project, plain["source"], plain["tracks"]["archive"]):
        return None
    return _placed(run, from_plain(FaceTracks, plain["tracks"]))


def _placed(run: Run, tracks: FaceTracks) -> SeenLines:
    """Every line against the tracks."""
    assert run.project.source is not None
    lines = run.shop.lines.cast(run.project.id).lines
    speech, blob = speech_of(run), run.project.source.blob

    def work() -> SeenLines:
        archive = archive_of(run.shop, tracks)
        heard = speaking(tracks, archive, speech.spans)
        found = assign(heard, archive, lines, speech.spans)
        return SeenLines(KeptFaces(blob, heard), tuple(SeenLine(line.id, line.span, line.speaker_id, found[line.id]) for line in lines if line.id in found))

    places = [(line.id, line.span, line.speaker_id) for line in lines]
    return run.once("presence", fingerprint("presence", PRESENCE_VERSION, blob, tracks, speech, places), SeenLines, work)


def kept_faces(shop: Workshop, project: Project) -> FaceTracks | None:
    """The faces found in the project's picture so far, with who speaks where that is known; None where nobody has looked."""
    seen, looked = shop.results.latest(project.id, "presence"), shop.results.latest(project.id, "faces")
    for plain in (seen["faces"] if seen is not None else None, looked):
        if plain is not None and _is_of(shop, project, plain["source"], plain["tracks"]["archive"]):
            return from_plain(FaceTracks, plain["tracks"])
    return None


def kept_presence(shop: Workshop, project: Project, lines: Iterable[Line]) -> dict[str, LinePresence]:
    """How the lines stand to the picture, by id; lines that are new, or were moved or given away since, are missing."""
    plain = shop.results.latest(project.id, "presence")
    if plain is None or not _is_of(shop, project, plain["faces"]["source"], plain["faces"]["tracks"]["archive"]):
        return {}
    places = {line.id: (line.span.start_ms, line.span.end_ms, line.speaker_id) for line in lines}
    return {
        seen["line_id"]: _presence(seen["presence"])
        for seen in plain["lines"]
        if places.get(seen["line_id"]) == (seen["span"]["start_ms"], seen["span"]["end_ms"], seen["speaker_id"])
    }


def archive_of(shop: Workshop, tracks: FaceTracks) -> FaceArchive | None:
    """Their mouths and curves; None where there is no face. Raises MediaToolFailed where the file is damaged."""
    return FaceArchive(shop.blobs.path(tracks.archive)) if tracks.archive is not None else None


def _presence(plain: Mapping[str, Any]) -> LinePresence:
    """As `from_plain`, which is too slow for every line of a film at every look."""
    return LinePresence(**{**plain, "presence": Presence(plain["presence"])})


def _is_of(shop: Workshop, project: Project, source: str, archive: str | None) -> bool:
    is_same = project.source is not None and project.source.blob == source
    return is_same and (archive is None or shop.blobs.exists(archive))


def _is_guided(run: Run, line: Line) -> bool:
    scales = line.guidance if line.guidance is not None else run.project.settings.guidance
    return run.wants(line) and bool(line.target_text.strip()) and (scales.lip_scale > 0 or scales.face_scale > 0)


def _look(run: Run, source: Source, tracker: FaceTracker) -> FaceTracks:
    info, blobs = source.info, run.shop.blobs
    assert info.video is not None
    total = -(-info.duration_ms * FACE_RATE_HZ // 1000)
    report = run.reported("Looking for faces")
    report(0, total)
    longest_px = max(info.video.width_px, info.video.height_px)
    watch = Watch(lambda done: report(min(done, total), total), run.context.is_cancelled, longest_px)
    query = PictureQuery(blobs.path(source.blob), source.name, info.duration_ms, LONGEST_PX)
    with blobs.create(".npz") as draft, FaceArchiveWriter(draft.path) as archive:
        found = track_faces(pictures(query, cancel=run.context.is_cancelled), tracker, archive, watch)
    key = draft.key if found.tracks else None
    return FaceTracks(found.tracks, found.frame_count, key, found.engine)


def _wait_for_others(run: Run) -> None:
    """Another job may be looking at the same picture right now; its result will do."""
    while (other := run.shop.jobs.running(run.project.id, JobKind.FACES)) is not None and other.id != run.job.id:
        run.context.progress(other.done, other.total, stage="Looking for faces")
        run.context.check()
        time.sleep(_LOOK_EVERY_S)


def _told(project: Project, found: SeenLines | None) -> str | None:
    """A sentence where the lips will be of no use."""
    if found is None:
        return NO_PICTURE if project.source is not None else None
    if not found.faces.tracks.tracks:
        return "No face was found in the picture, so there are no lips to follow; lines are timed by their text alone."
    seen = sum(line.presence.presence in (Presence.ON_SCREEN, Presence.PARTLY) for line in found.lines)
    if found.lines and not seen:
        return "Faces were found, but none of them speaks a line: all lines count as spoken off screen."
    return None
