"""The verbs about a programme as a whole. Part of `Studio`."""

from __future__ import annotations

from studio.domain.timing import duration_penalty
from studio.lip_verbs import LipVerbs


class OverviewVerbs(LipVerbs):
    def first_penalties(self, project_id: str) -> dict[str, float]:
        """P by line id of the wording that the machine ranked first, against the line's span as it is now; lines that no machine has worded,
        or whose wording was never timed, are absent."""
        project = self._own(project_id)
        spans = {line.id: line.span.length_ms for line in self._shop.lines.cast(project.id).lines}
        return {
            line_id: duration_penalty((first.prediction.estimate.total_ms - spans[line_id]) / 1000)
            for line_id, first in self._shop.lines.first_candidates(project.id).items()
            if first.prediction is not None and line_id in spans
        }
