"""Files for the page: clips, proxies, peaks and the finished dub. All are made on demand and kept by fingerprint."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from studio.domain.bench import DeskPicture
from studio.domain.disk import room_told
from studio.domain.errors import NotFound, NotReady
from studio.domain.media import MediaInfo
from studio.domain.plain import fingerprint, from_plain
from studio.domain.project import Project
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.media.decode import read_audio
from studio.media.ffmpeg import CancelCheck, ToolCall
from studio.media.preview import cut_clip, is_browser_playable, is_quick_to_seek, make_light_picture, make_proxy
from studio.media.probe import probe
from studio.media.wav import write_wav
from studio.stages.fit import place
from studio.stages.ingest import Ingest
from studio.stages.mix import MixRequest, PlacedTake, excerpt
from studio.steps.render import Dub, circled, render_key, source_of
from studio.workshop import Workshop

CLIP_RATE_HZ = 24_000
PREVIEW_HANDLE_MS = 500  # picture shown before and after a line
CONTEXT_HANDLE_MS = 3000  # sound of the mix before and after a line, at least


@dataclass(frozen=True, slots=True)
class RenderState:
    is_rendered: bool
    is_stale: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextMix:
    """A stretch of the mix as a stereo WAV, and where on the timeline it begins."""

    path: Path
    start_ms: int


def cached(shop: Workshop, key: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """The cache file of `key`, made beside and renamed when it is not there yet; of many who ask at once, one makes it and the others wait."""
    path = shop.cache / f"{key[:40]}{suffix}"
    if not _is_wanted(path):
        shop.cache.mkdir(parents=True, exist_ok=True)
        draft, turn = path.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}{suffix}"), path.with_name(f"{path.name}.turn")
        with room_told(shop.cache), turn.open("wb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX)
                if not _is_wanted(path):
                    make(draft)
                    os.replace(draft, path)
            finally:
                draft.unlink(missing_ok=True)
                turn.unlink(missing_ok=True)  # who comes in between makes it once more, which does no harm
    return path


def _is_wanted(path: Path) -> bool:
    """Whether a file of the cache is there; then it is noted that somebody looks at it, as many disks do not note reads, and the sweep of
    what nobody looks at leaves it to be sent. Its time of change stays: browsers know it by that."""
    try:
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    return True


def source_clip(shop: Workshop, project: Project, line_id: str) -> Path:
    """The source's sound under a line, as a mono WAV."""
    source, line = source_of(project), shop.lines.line(project.id, line_id)
    if not source.info.audio:
        raise NotReady(f"“{source.name}” has no sound to play.")
    track = source.info.track_index(project.settings.audio_track)
    shift_ms = project.settings.sound_shift_ms
    key = fingerprint("source clip", source.blob, _heard(track, shift_ms), line.span)

    def make(draft: Path) -> None:
        samples = read_audio(shop.blobs.path(source.blob), track=track, rate_hz=CLIP_RATE_HZ, span=line.span, shift_ms=shift_ms)
        write_wav(draft, Audio(samples, CLIP_RATE_HZ))

    return cached(shop, key, ".wav", make)


def take_wav(shop: Workshop, project: Project, take_id: str) -> Path:
    """A take as it goes into the mix. Raises NotFound, and NotReady where its sound has gone from the disk."""
    take = shop.lines.take(project.id, take_id)
    if not shop.blobs.exists(take.fitted_blob):
        raise NotReady("The sound of this take is no longer on the disk; voice the line again to have it back.")
    return shop.blobs.path(take.fitted_blob)


def context_mix(shop: Workshop, project: Project, line_id: str) -> ContextMix:
    """One line in the mix, with its neighbours' takes over the bed, without mixing the whole programme. Kept by what is heard in it.

    Raises NotFound, NotReady without media, and NotReady for a take in it whose sound has gone from the disk."""
    source, line = source_of(project), shop.lines.line(project.id, line_id)
    takes = {take.id: take for take in shop.lines.circled_takes(project.id)}
    heard = circled(shop.lines.cast(project.id), takes, source.info.duration_ms)
    placed = place([one for one, _ in heard], {one.id: take.report for one, take in heard}, source.info.duration_ms)
    by_line = {one.id: (one, take) for one, take in heard}
    around = TimeSpan(max(0, line.span.start_ms - CONTEXT_HANDLE_MS), line.span.end_ms + CONTEXT_HANDLE_MS)
    inside = [(by_line[item.line_id], item) for item in placed if item.start_ms < around.end_ms and item.end_ms > around.start_ms]
    span = _hull(around, [TimeSpan(item.start_ms, item.end_ms) for _, item in inside] + [one.span for (one, _), _ in inside], source.info.duration_ms)
    sounds = [(take_wav(shop, project, take.id), take.fitted_blob, item.start_ms, one.span) for (one, take), item in inside]
    key = fingerprint("context", source.blob, project.settings.sound_key, project.bed_blob, project.settings.mix, span, [sound[1:] for sound in sounds])

    def make(draft: Path) -> None:
        request = MixRequest(
            source=shop.blobs.path(source.blob),
            info=replace(source.info, duration_ms=span.length_ms),
            track=source.info.track_index(project.settings.audio_track) if source.info.audio else 0,
            shift_ms=project.settings.sound_shift_ms,
            takes=tuple(PlacedTake(path, start_ms - span.start_ms, _earlier(line_span, span.start_ms)) for path, _, start_ms, line_span in sounds),
            settings=project.settings.mix,
            bed=shop.blobs.path(project.bed_blob) if project.bed_blob is not None else None,
            start_ms=span.start_ms,
        )
        excerpt(request, draft)

    return ContextMix(cached(shop, key, ".wav", make), span.start_ms)


def _hull(around: TimeSpan, spans: Sequence[TimeSpan], end_ms: int) -> TimeSpan:
    """`around` and all of the spans, inside the programme."""
    start_ms = min((around.start_ms, *(span.start_ms for span in spans)))
    return TimeSpan(start_ms, max(start_ms + 1, min(end_ms, max((around.end_ms, *(span.end_ms for span in spans))))))


def _earlier(span: TimeSpan, by_ms: int) -> TimeSpan:
    return TimeSpan(span.start_ms - by_ms, span.end_ms - by_ms)


def peaks(shop: Workshop, project: Project) -> bytes:
    """Peaks of the source's sound (studio/media/peaks.py); empty where it has none or is not read yet."""
    plain = shop.results.latest(project.id, "ingest")
    if plain is None:
        return b""
    found: Ingest = from_plain(Ingest, plain)
    return shop.blobs.path(found.peaks).read_bytes() if found.peaks is not None and shop.blobs.exists(found.peaks) else b""


def playable_source(shop: Workshop, project: Project) -> Path:
    """The source itself where a browser plays it as it should be heard, else a proxy."""
    source = source_of(project)
    track, shift_ms = _sound_of(project)
    return _playable(shop, shop.blobs.path(source.blob), source.info, track, shift_ms=shift_ms)


def desk_picture(shop: Workshop, project: Project) -> DeskPicture:
    """The light picture once it is there; until then, and where none is needed, the source as the page plays it. Raises NotReady."""
    light = _light_path(shop, project)
    if light is None or light.exists():
        return DeskPicture(_mark(project, is_light=light is not None), False)
    source = source_of(project)
    track, shift_ms = _sound_of(project)

    def make(is_over: CancelCheck) -> None:
        call = ToolCall("Preparing a light picture", cancel=is_over)
        blob = shop.blobs.path(source.blob)
        cached(shop, light.stem, ".mp4", lambda draft: make_light_picture(blob, source.info, draft, call, track=track, shift_ms=shift_ms))

    return DeskPicture(_mark(project, is_light=False), shop.pictures.want(light.stem, make))


def picture(shop: Workshop, project: Project, mark: str) -> Path:
    """The file of a mark. Raises NotFound where the source, its sound or the cache have changed since: the page asks anew."""
    if mark == _mark(project, is_light=False):
        return playable_source(shop, project)
    light = _light_path(shop, project) if mark == _mark(project, is_light=True) else None
    if light is None or not _is_wanted(light):
        raise NotFound("picture", mark)
    return light


def _light_path(shop: Workshop, project: Project) -> Path | None:
    """Where the light picture is or will be; None where the source is light enough itself, or has no picture."""
    source = source_of(project)
    track, shift_ms = _sound_of(project)
    path = shop.cache / f"{fingerprint('light picture', source.blob, _heard(track, shift_ms))[:40]}.mp4"
    if source.info.video is None or (not path.exists() and is_quick_to_seek(shop.blobs.path(source.blob), source.info)):
        return None
    return path


def _mark(project: Project, *, is_light: bool) -> str:
    return fingerprint("picture", source_of(project).blob, _heard(*_sound_of(project)), is_light)[:24]


def _sound_of(project: Project) -> tuple[int | None, int]:
    """The source's sound as it is heard: track and shift in ms; no track where it has no sound."""
    source = source_of(project)
    if not source.info.audio:
        return None, 0
    return source.info.track_index(project.settings.audio_track), project.settings.sound_shift_ms


def playable_dub(shop: Workshop, project: Project) -> Path | None:
    """The finished dub, or a proxy of it where its picture is one that browsers do not play; None before a render."""
    path = rendered_path(shop, project)
    return path and _playable(shop, path, _looked_through(path, shop.limits), 0)


@lru_cache(maxsize=256)  # asked for every range of a dub that a browser fetches; a stored file never changes
def _looked_through(path: Path, limits: Limits) -> MediaInfo:
    return probe(path, name="the dub", limits=limits)


def _playable(shop: Workshop, path: Path, info: MediaInfo, track: int | None, *, shift_ms: int = 0) -> Path:
    if not shift_ms and is_browser_playable(path, info):
        return path
    call = ToolCall("Preparing the picture for the page")
    key = fingerprint("proxy", path.name, _heard(track, shift_ms))
    return cached(shop, key, ".mp4", lambda draft: make_proxy(path, info, draft, call, track=track, shift_ms=shift_ms))


def _heard(track: int | None, shift_ms: int) -> object:
    """A sound for a fingerprint: its track, and its shift where there is one."""
    return (track, shift_ms) if shift_ms else track


def render_state(shop: Workshop, project: Project) -> RenderState:
    """Whether there is a dub, and whether it is of the lines and takes as they stand now."""
    plain = shop.results.latest(project.id, "render")
    if plain is None:
        return RenderState(False, False)
    dub: Dub = from_plain(Dub, plain)
    if not shop.blobs.exists(dub.video):
        return RenderState(False, False)
    ground = shop.standings.look(shop, project, at_once=True, is_glance=True).ground
    is_current = shop.results.get(project.id, "render", "", render_key(project, ground.cast, {take.id: take for take in ground.takes.values()})) is not None
    return RenderState(True, not is_current, dub.notices)


def rendered_path(shop: Workshop, project: Project) -> Path | None:
    plain = shop.results.latest(project.id, "render")
    if plain is None:
        return None
    dub: Dub = from_plain(Dub, plain)
    return shop.blobs.path(dub.video) if shop.blobs.exists(dub.video) else None


def line_preview(shop: Workshop, project: Project, line_id: str) -> Path | None:
    """The dub around one line, cut from the last render; None before the first."""
    path = rendered_path(shop, project)
    if path is None:
        return None
    span, end_ms = shop.lines.line(project.id, line_id).span, source_of(project).info.duration_ms
    around = TimeSpan(max(0, span.start_ms - PREVIEW_HANDLE_MS), max(span.end_ms, min(span.end_ms + PREVIEW_HANDLE_MS, end_ms)))

    def make(draft: Path) -> None:
        cut_clip(path, probe(path, name="the dub", limits=shop.limits), around, draft)

    return cached(shop, fingerprint("line preview", path.name, around), ".mp4", make)
