"""What the Gradio events of the Guidance tab ask of the studio: scales, presets, quality, the figure of a sweep. Part of `Handlers`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.domain.errors import NotFound
from studio.domain.guidance_presets import presets
from studio.domain.settings import Guidance, Settings
from studio.domain.sweep import SweepPoint
from studio.service import Studio
from studio.ui.guidance_views import SweepFigure
from studio.ui.sweep_figure import sweep_figure
from studio.ui.views import PageView, TickView

NO_SWEEP = "No sweep of this line yet. Its points will stand here: the lower, the better they agree with the lips."


@dataclass(frozen=True, slots=True)
class ScalesView:
    """The project's scales on their sliders, with the news they make."""

    guidance: Guidance
    news: TickView


class GuidanceHandlers:
    _studio: Studio
    tick: Callable[[str], TickView]
    _change: Callable[[str, Callable[[Settings], Settings]], PageView]

    def set_guidance(self, project_id: str, scales: Guidance) -> TickView:
        self._change(project_id, lambda settings: replace(settings, guidance=scales))
        return self.tick(project_id)

    def use_preset(self, project_id: str, key: str) -> ScalesView:
        """Face and lip scales of a preset; the scales of words and pauses stay. Raises NotFound for an unknown one."""
        project = self._studio.project(project_id).project
        found = next((one for one in presets(project.source_language, project.target_language) if one.key == key), None)
        if found is None:
            raise NotFound("preset", key)
        self._change(project_id, lambda settings: replace(settings, guidance=found.applied_to(settings.guidance)))
        return ScalesView(self._studio.project(project_id).project.settings.guidance, self.tick(project_id))

    def set_quality(self, project_id: str, quality: str) -> TickView:
        self._change(project_id, lambda settings: replace(settings, voice=replace(settings.voice, quality=quality)))
        return self.tick(project_id)

    def draw_sweep(self, project_id: str, line_id: str) -> SweepFigure:
        """The figure of a line's sweep; an empty one says why it is."""
        if not project_id or not line_id:
            return SweepFigure(sweep_figure((), None, "Choose a line to sweep it."))
        try:
            bench = self._studio.line_bench(project_id, line_id)
        except NotFound:  # deleted since the page looked
            return SweepFigure(sweep_figure((), None, "This line is gone; choose another."))
        points = self._studio.sweep_points(project_id, line_id)
        return SweepFigure(sweep_figure(points, bench.row.line.take_id, _empty(points) or NO_SWEEP))


def _empty(points: tuple[SweepPoint, ...]) -> str:
    """Why a sweep that was made shows no point."""
    return next((point.why for point in points if point.why), "None of its takes could be scored.") if points else ""
