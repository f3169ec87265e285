"""Lip scores and mouth curves to what the desk shows. Enter: a line's presence, sync and curves. Leave: rounded views.

The verdict is a claim about the take, not a ranking: numbers of different scorers are never held against each other here.
"""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.faces import FACE_RATE_HZ
from studio.domain.sync import OVERLAP_DEFINITION, LineCurves, LineSync
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.ui.desk_views import CurvesView, LipPanelView, LipView, SpanView

IN_SYNC_FRAMES = 1  # 40 ms: what broadcasting allows sound to run ahead of its picture
MOUTH_OVERLAP = 0.7  # less of the speech shared with the mouth's own reads as another person's words
_SHOWN_DIGITS = 3


def lip_view(sync: LineSync | None) -> LipView | None:
    """The numbers of a row; None while the take has not been scored."""
    if sync is None:
        return None
    overlap = _rounded(sync.overlap.jaccard) if sync.overlap is not None else None
    score = sync.score
    if score is None:
        return LipView("", overlap=overlap)
    return LipView(
        verdict=verdict(sync),
        scorer=score.scorer,
        crop=score.crop,
        lse_c=_rounded(score.lse_c),
        lse_d=_rounded(score.lse_d),
        offset_frames=score.offset_frames,
        is_offset_clear=score.is_clear,
        overlap=overlap,
    )


def verdict(sync: LineSync) -> str:
    """Whether sound and mouth go together within what an audience forgives: "agree", "off", "unclear", or "" where nobody can tell.

    An offset counts only where it stands out: words of another language may fit a mouth at no moment in particular."""
    if sync.score is None:
        return ""
    clear = sync.score.is_clear
    is_late = clear and abs(sync.score.offset_frames) > IN_SYNC_FRAMES
    if is_late or (sync.overlap is not None and sync.overlap.jaccard < MOUTH_OVERLAP):
        return "off"
    return "agree" if clear else "unclear"


def lip_panel(row: LineRow) -> LipPanelView:
    """The sentences of the score card."""
    presence, sync = row.presence, row.sync
    overlap = sync.overlap if sync is not None else None
    return LipPanelView(
        presence_why=presence.why if presence is not None else "",
        seen_share=_rounded(presence.seen_share) if presence is not None else None,
        mouth_px=round(presence.mouth_px, 1) if presence is not None and presence.track_id is not None else None,
        why=sync.why if sync is not None else "",
        windows=sync.score.windows if sync is not None and sync.score is not None else None,
        coverage=_rounded(overlap.coverage) if overlap is not None else None,
        spill=_rounded(overlap.spill) if overlap is not None else None,
        overlap_definition=OVERLAP_DEFINITION,
    )


def curves_view(line_id: str, curves: LineCurves) -> CurvesView:
    return CurvesView(
        line_id=line_id,
        start_ms=curves.start_ms,
        end_ms=curves.end_ms,
        step_ms=1000 / FACE_RATE_HZ,
        opening=tuple(None if value is None else _rounded(value) for value in curves.opening),
        source_level=tuple(_rounded(value) for value in curves.source_level),
        dub_level=tuple(_rounded(value) for value in curves.dub_level),
        source_speech=_spans(curves.source_speech),
        dub_speech=_spans(curves.dub_speech),
        presence_why=curves.presence_why,
    )


def _spans(spans: Sequence[TimeSpan]) -> tuple[SpanView, ...]:
    return tuple(SpanView(span.start_ms, span.end_ms) for span in spans)


def _rounded(value: float) -> float:
    return round(value, _SHOWN_DIGITS)
