"""What the Overview tab asks of the studio: its figures and what they say. Part of `Handlers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.service import Studio
from studio.ui.figures import fit_over_time, lips_over_time
from studio.ui.figures_review import p_before_and_after, pace_by_speaker, progress_over_time
from studio.ui.overview_present import OverviewView, overview

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, slots=True)
class Drawn:
    """Every figure of the tab, and what they say in words."""

    said: OverviewView
    fit: Figure
    pace: Figure
    lips: Figure
    gain: Figure
    progress: Figure


class OverviewHandlers:
    _studio: Studio

    def draw(self, project_id: str) -> Drawn:
        rows = self._studio.rows(project_id) if project_id else ()
        before = self._studio.first_penalties(project_id) if project_id else {}
        max_ratio = self._studio.project(project_id).project.settings.fit.max_ratio if project_id else 1.0
        return Drawn(
            overview(rows, before, max_ratio), fit_over_time(rows), pace_by_speaker(rows, max_ratio), lips_over_time(rows),
            p_before_and_after(rows, before), progress_over_time(rows),
        )  # fmt: skip
