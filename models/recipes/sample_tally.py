"""What a sampling run tells while it goes on: speed, penalties of chosen and rejected wordings, lines without a lesson."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from models.translation.records import SceneRecord
from studio.domain.timing import duration_penalty


class Tally:
    """Sums over all lines so far. Times are of `time.monotonic`, in seconds. P grows exponentially with a runaway wording, hence medians."""

    def __init__(self, started_s: float) -> None:
        self._started_s = started_s
        self.n_scenes = self.n_lines = self.n_skipped = self.n_candidates = 0
        self._chosen = 0.0
        self._rejected: list[float] = []
        self._middle: list[float] = []

    def add(self, records: Sequence[SceneRecord]) -> None:
        self.n_scenes += len(records)
        for line in (line for record in records for line in record.sampling_records):
            penalties = [duration_penalty(seconds - line.src_duration) for seconds in line.tar_duration]
            self.n_lines += 1
            self.n_skipped += line.same_flag
            self.n_candidates += len(penalties)
            self._chosen += penalties[line.chosen_index]
            self._rejected.append(penalties[line.rejected_index])
            self._middle.append(median(penalties))

    @property
    def bound(self) -> float:
        """Mean P of the chosen wordings: what always choosing by time gives from these candidates (the alignment bound; papers §1.6)."""
        return self._chosen / max(1, self.n_lines)

    def sentence(self, now_s: float) -> str:
        lines = max(1, self.n_lines)
        return (
            f"{self.n_scenes} scenes, {self.n_lines} lines, {self.n_lines / max(1e-9, now_s - self._started_s):.2f} lines/s, "
            f"{self.n_candidates / lines:.1f} candidates per line; mean P of the chosen {self.bound:.3f} (the bound), of the middle candidate "
            f"{fmean(self._middle or [0.0]):.3f}; median P of the rejected {median(self._rejected or [0.0]):.3f}; "
            f"{self.n_skipped / lines:.1%} without a lesson"
        )
