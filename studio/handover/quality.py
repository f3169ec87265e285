"""The quality report of a dub: every finding with its line, the mix on its meters, and what the delivery profile makes of both.

`standing_findings` looks at what is known already and is quick; `quality_report` listens to every take and to the mix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.domain.delivery import Check, DeliveryProfile, Finding, Severity, loudness_findings, profile_named, weighed
from studio.domain.notes import Note
from studio.domain.project import Project
from studio.domain.timebase import Timebase, timebase_of
from studio.domain.views import LineRow
from studio.handover.line_checks import Looked, line_findings
from studio.handover.material import gather
from studio.handover.mix_measure import MixMeasure, kept_dub, measured_mix
from studio.handover.package import QUIET, Watch
from studio.handover.reading import ReadBack, read_back
from studio.handover.take_checks import take_findings
from studio.playback import render_state
from studio.workshop import Workshop

_PARTS = 3  # listening to takes, reading back, measuring: each a third of the progress


@dataclass(frozen=True, slots=True)
class Examined:
    """What a report is made about: a project as it stands now."""

    shop: Workshop
    project: Project
    rows: tuple[LineRow, ...]
    notes: tuple[Note, ...] = ()

    @property
    def profile(self) -> DeliveryProfile:
        return profile_named(self.project.settings.handover.profile)

    @property
    def base(self) -> Timebase:
        info = self.project.source.info if self.project.source is not None else None
        return timebase_of(info, start_hour=self.project.settings.handover.start_hour)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """`findings` weighed and in order; `mix` None before a render; `read` tells who listened to the takes, or why nobody did."""

    project: Project
    profile: DeliveryProfile
    base: Timebase
    line_count: int
    findings: tuple[Finding, ...]
    mix: MixMeasure | None
    read: ReadBack

    def count(self, severity: Severity) -> int:
        return sum(item.severity is severity for item in self.findings)


def standing_findings(examined: Examined) -> tuple[Finding, ...]:
    """What is known of a project without listening to anything, weighed under its profile."""
    dub = kept_dub(examined.shop, examined.project)
    found = [*_lines(examined), *_render(examined)]
    if dub is not None and (rule := examined.profile.loudness) is not None and not rule.is_dialogue_gated:
        found += loudness_findings(examined.profile, dub.integrated_lufs, None, dub.true_peak_dbtp)
    elif dub is not None:
        found += [one for one in loudness_findings(examined.profile, None, None, dub.true_peak_dbtp) if one.check is Check.TRUE_PEAK]
    return weighed(found, examined.profile)


def line_musts(rows: Sequence[LineRow], project: Project) -> tuple[Finding, ...]:
    """The musts that single lines break, without a look at anything but the lines: cheap enough for every repaint of the desk."""
    profile = profile_named(project.settings.handover.profile)
    if not profile.musts:
        return ()
    info = project.source.info if project.source is not None else None
    found = weighed(line_findings(Looked(rows, project.settings.fit, timebase_of(info))), profile)
    return tuple(item for item in found if item.severity is Severity.MUST)


def quality_report(examined: Examined, watch: Watch = QUIET) -> QualityReport:
    """Listens to everything. Raises NotReady where nothing is voiced, Cancelled, MediaToolFailed."""
    shop, project = examined.shop, examined.project
    heard = gather(project, examined.rows, shop.blobs).heard
    takes = tuple(take_findings(heard, _third(watch, 0)))
    read = read_back(shop, project, heard, _third(watch, 1))
    mix = measured_mix(shop, project, heard, _third(watch, 2))
    found = [*_lines(examined), *_render(examined), *takes, *read.findings]
    if mix is not None:
        found += loudness_findings(examined.profile, mix.integrated_lufs, mix.dialogue_lufs, mix.true_peak_dbtp)
    return QualityReport(project, examined.profile, examined.base, len(examined.rows), weighed(found, examined.profile), mix, read)


def _lines(examined: Examined) -> tuple[Finding, ...]:
    return line_findings(Looked(examined.rows, examined.project.settings.fit, examined.base, examined.notes))


def _render(examined: Examined) -> list[Finding]:
    state = render_state(examined.shop, examined.project)
    found = []
    if not state.is_rendered:
        found.append(Finding(Check.NOT_RENDERED, "The dub has not been rendered, so its sound cannot be measured."))
    elif state.is_stale:
        found.append(Finding(Check.STALE_RENDER, "The render is older than the last edits; render again before it leaves."))
    if examined.project.bed_blob is None:
        found.append(Finding(Check.NO_BED, "No music-and-effects stem is there; the mix stands over the lowered original.", severity=Severity.INFO))
    return found


def _third(watch: Watch, part: int) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        watch.tell(1000 * part + 1000 * done // max(1, total), 1000 * _PARTS)

    return tell
