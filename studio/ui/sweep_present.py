"""Points of a sweep to the table and the axis they are shown on. Pure; what the numbers are called is what the studio says they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.domain.bench import LineBench, Sight
from studio.domain.plain import fingerprint
from studio.domain.sweep import DEFAULT_SCALES, MAX_POINTS, SweepPoint
from studio.ui.guidance_views import PointView, SweepView

NO_JUDGE = "lip scale (no recogniser and no likelihood here)"


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """What stands against LSE-D. `name` as the axis says it; `is_share`: 0..1, shown in per cent."""

    name: str
    lower_is_better: bool = True
    is_share: bool = False
    is_judged: bool = True

    def of(self, point: SweepPoint) -> float | None:
        """The point's number on this axis; None where it has none."""
        if not self.is_judged:
            return point.lip_scale
        return point.word_error if self.is_share else point.likelihood


def axis_of(points: Sequence[SweepPoint]) -> SweepAxis:
    """The recogniser's error where any point has one, else the likelihood, else the lip scale itself, which judges nothing."""
    if any(point.word_error is not None for point in points):
        return SweepAxis(f"word error ({_judge(points, 'word_error')})", is_share=True)
    if any(point.likelihood is not None for point in points):
        return SweepAxis(f"likelihood of the words ({_judge(points, 'likelihood')})", lower_is_better=False)
    return SweepAxis(NO_JUDGE, is_judged=False)


def sweep_view(bench: LineBench, points: Sequence[SweepPoint], numbers: Mapping[str, int]) -> SweepView:
    """`numbers`: of the line's takes, by take id."""
    axis = axis_of(points)
    shown = tuple(_point(point, axis, bench.row.line.take_id, numbers.get(point.take_id, 0)) for point in points)
    scorers = [one.sync.score.scorer for one in bench.takes if one.sync is not None and one.sync.score is not None]
    return SweepView(
        points=shown,
        axis=axis.name if axis.is_judged and points else "",
        lower_is_better=axis.lower_is_better,
        is_share=axis.is_share,
        judged_by=next((point.judged_by for point in points if point.judged_by), ""),
        scorer=scorers[0] if scorers else "",
        stamp=fingerprint(tuple(points), bench.row.line.take_id)[:16] if points else "",
        blocked=blocked(bench),
        most_points=MAX_POINTS,
        usual_scales=DEFAULT_SCALES,
    )


def blocked(bench: LineBench) -> str:
    """Why the line cannot be swept, a sentence; "" where it can."""
    if not bench.row.line.target_text.strip():
        return "This line has no translation yet; write one on the Lines tab, then sweep it."
    if bench.sight.sight is Sight.MISSING:
        return "The voice of this line cannot run here, so there is nothing to sweep yet."
    if bench.sight.sight is not Sight.SEES:
        return "The voice of this line does not see the picture, so a sweep would say it the same way again and again; give its speaker one that sees."
    return bench.face_why


def _point(point: SweepPoint, axis: SweepAxis, circled: str | None, number: int) -> PointView:
    return PointView(
        take_id=point.take_id,
        face_scale=point.face_scale,
        lip_scale=point.lip_scale,
        lse_c=_rounded(point.lse_c),
        lse_d=_rounded(point.lse_d),
        offset_frames=point.offset_frames,
        error=_rounded(axis.of(point)) if axis.is_judged else None,
        is_circled=point.take_id == circled,
        is_stale=point.is_stale,
        why=point.why,
        number=number,
    )


def _judge(points: Sequence[SweepPoint], field: str) -> str:
    return next((point.judged_by for point in points if getattr(point, field) is not None and point.judged_by), "unnamed")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
