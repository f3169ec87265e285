"""RENDER: every circled take in its place over the bed, at programme loudness, muxed beside the untouched picture."""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.errors import NotReady
from studio.domain.line import Line, Take
from studio.domain.plain import fingerprint
from studio.domain.project import Cast, Project, Source
from studio.domain.timing import TimeSpan
from studio.formats.write import ScriptRow, write_script
from studio.review import stand
from studio.stages.fit import Placement, place
from studio.stages.mix import MIX_VERSION, MixRequest, PlacedTake, mix
from studio.stages.render import RENDER_VERSION, RenderRequest, render
from studio.steps.run import Run


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished dub: the video with its tracks, the mix as a WAV, the measured loudness."""

    video: str
    mix: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    notices: tuple[str, ...] = ()


def render_key(project: Project, cast: Cast, takes: dict[str, Take]) -> str:
    """Fingerprint of everything the finished dub depends on."""
    source = project.source
    circled = [(line.id, line.span, line.source_text, line.target_text, line.speaker_id, line.take_id and takes[line.take_id].fitted_blob) for line in cast.lines]
    languages = (project.source_language, project.target_language)
    return fingerprint("render", MIX_VERSION, RENDER_VERSION, source and source.blob, project.settings.audio_track, project.bed_blob, project.settings.mix, languages, circled)
