"""RENDER: every circled take in its place over the bed, at programme loudness, muxed beside the untouched picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.domain.errors import NotReady
from studio.domain.line import Line, Take
from studio.domain.plain import fingerprint
from studio.domain.project import Cast, Project, Source
from studio.formats.write import ScriptRow, write_script
from studio.stages.fit import place
from studio.stages.mix import MixReport, MixRequest, PlacedTake, mix
from studio.stages.render import RenderRequest, render
from studio.steps.run import Run

MIX_VERSION = "1"  # changes whenever the same takes may give another mix
RENDER_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Mixed:
    """The mix as a WAV blob, and what was measured on it."""

    wav: str
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dub:
    """The finished MP4 and the mix in it, as blobs, with what the person should know of them."""

    video: str
    mix: str
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    notices: tuple[str, ...] = ()


def circled(cast: Cast, takes: Mapping[str, Take], programme_ms: int) -> list[tuple[Line, Take]]:
    """Every line that will be heard, with its take; lines past the end of the picture are not."""
    return [(line, takes[line.take_id]) for line in cast.lines if line.take_id in takes and line.span.start_ms < programme_ms]


def mix_key(project: Project, cast: Cast, takes: Mapping[str, Take]) -> str:
    """Fingerprint of everything the mix depends on."""
    source = source_of(project)
    heard = [(line.span, line.speaker_id, take.fitted_blob) for line, take in circled(cast, takes, source.info.duration_ms)]
    spans = [line.span for line in cast.lines]
    return fingerprint("mix", MIX_VERSION, source.blob, project.settings.sound_key, project.bed_blob, project.settings.mix, heard, spans)


def render_key(project: Project, cast: Cast, takes: Mapping[str, Take]) -> str:
    """Fingerprint of everything the finished dub depends on."""
    texts = [(line.span, line.source_text, line.target_text) for line in cast.lines]
    return fingerprint("render", RENDER_VERSION, mix_key(project, cast, takes), project.source_language, project.target_language, texts)


def run(run: Run) -> None:
    cast = run.shop.lines.cast(run.project.id)
    takes = {take.id: take for take in run.shop.lines.circled_takes(run.project.id)}
    mixed = _mixed(run, cast, takes)
    blobs, source = run.shop.blobs, source_of(run.project)

    def work() -> Dub:
        request = RenderRequest(
            source=blobs.path(source.blob),
            info=source.info,
            track=run.project.settings.audio_track,
            shift_ms=run.project.settings.sound_shift_ms,
            dub=blobs.path(mixed.wav),
            source_language=run.project.source_language,
            target_language=run.project.target_language,
            source_srt=_subtitles(cast, run.project.source_language, use_target=False),
            target_srt=_subtitles(cast, run.project.target_language, use_target=True),
        )
        with blobs.create(".mp4") as draft:
            rendered = render(request, draft.path, progress=run.reported("Writing the film"), cancel=run.context.is_cancelled)
        return Dub(draft.key, mixed.wav, mixed.integrated_lufs, mixed.true_peak_dbtp, mixed.notices + rendered.notices)

    key = render_key(run.project, cast, takes)
    run.once("render", key, Dub, work, is_whole=lambda kept: blobs.exists(kept.video) and blobs.exists(kept.mix))


def _mixed(run: Run, cast: Cast, takes: Mapping[str, Take]) -> Mixed:
    blobs, project, source = run.shop.blobs, run.project, source_of(run.project)
    heard = circled(cast, takes, source.info.duration_ms)

    def work() -> Mixed:
        starts = place([line for line, _ in heard], {line.id: take.report for line, take in heard}, source.info.duration_ms)
        by_line = {line.id: (line, take) for line, take in heard}
        placed = [(by_line[item.line_id], item.start_ms) for item in starts]
        request = MixRequest(
            source=blobs.path(source.blob),
            info=source.info,
            track=project.settings.audio_track,
            shift_ms=project.settings.sound_shift_ms,
            takes=tuple(PlacedTake(blobs.path(take.fitted_blob), start_ms, line.span) for (line, take), start_ms in placed),
            settings=project.settings.mix,
            bed=blobs.path(project.bed_blob) if project.bed_blob is not None else None,
            dialogue=tuple(line.span for line in cast.lines),
        )
        with blobs.create(".wav") as draft:
            report = mix(request, draft.path, progress=run.reported("Mixing"), cancel=run.context.is_cancelled)
        return _as_mixed(draft.key, report)

    return run.once("mix", mix_key(project, cast, takes), Mixed, work, is_whole=lambda kept: blobs.exists(kept.wav))


def _as_mixed(key: str, report: MixReport) -> Mixed:
    return Mixed(key, report.loudness.integrated_lufs, report.loudness.true_peak_dbtp, report.notices)


def _subtitles(cast: Cast, language: str, *, use_target: bool) -> str | None:
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    rows = [
        ScriptRow(line.span, names[line.speaker_id], line.source_text, line.target_text, line.target_text if use_target else line.source_text)
        for line in cast.lines
    ]
    return write_script(rows, "srt", language=language) if any(row.text.strip() for row in rows) else None


def source_of(project: Project) -> Source:
    """The uploaded media. Raises NotReady without any."""
    if project.source is None:
        raise NotReady(f"“{project.name}” has no media yet; upload a video or an audio file first.")
    return project.source
