"""REPORT of a dub: per line what was asked, predicted and got; per stage what it cost. Plain values, ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.domain.plain import to_plain
from studio.domain.project import StageCost
from studio.domain.sync import OVERLAP_DEFINITION, LineSync
from studio.domain.timebase import Timebase, timebase_of
from studio.domain.views import LineRow, ProjectView


def line_entry(row: LineRow, base: Timebase) -> dict[str, Any]:
    """One line; every `_ms` on the programme's timeline, `start` and `end` in its timecode, Δ and P as in papers §1.2 against the line's own span; lip scores as in §5.1,
    each under the name of its scorer and crop."""
    line, prediction, take = row.line, row.prediction, row.take
    return {
        "number": row.number,
        "id": line.id,
        "start_ms": line.span.start_ms,
        "end_ms": line.span.end_ms,
        "start": base.timecode_at(line.span.start_ms),
        "end": base.timecode_at(line.span.end_ms),
        "speaker": row.speaker.name,
        "source": line.source_text,
        "target": line.target_text,
        "status": line.status.value,
        "slot_ms": row.slot.length_ms,
        "predicted_speech_ms": prediction.estimate.speech_ms if prediction else None,
        "predicted_pause_ms": prediction.estimate.pause_ms if prediction else None,
        "delta_ms": prediction.delta_ms if prediction else None,
        "p": round(prediction.p, 4) if prediction else None,
        "fit": prediction.fit.value if prediction else None,
        "estimator": prediction.estimate.engine if prediction else None,
        "voice": to_plain(row.voice),
        "natural_ms": take.report.natural_ms if take else None,
        "actual_ms": take.report.fitted_ms if take else None,
        "rate_ratio": round(take.report.rate_ratio, 4) if take else None,
        "remainder_ms": take.report.remainder_ms if take else None,
        "is_take_stale": row.is_take_stale,
        "presence": to_plain(row.presence),
        "lips": _lips(row.sync),
        "flags": list(row.flags),
    }


def _lips(sync: LineSync | None) -> dict[str, Any] | None:
    """The verdict on a take with what its numbers mean; None where nobody has judged it."""
    if sync is None:
        return None
    overlap = to_plain(sync.overlap) | {"definition": OVERLAP_DEFINITION} if sync.overlap is not None else None
    return {"score": to_plain(sync.score), "why": sync.why, "overlap": overlap}


def project_report(view: ProjectView, rows: Sequence[LineRow], costs: Sequence[StageCost] = ()) -> dict[str, Any]:
    """The whole project: its source, counts, lines, what was skipped, and the stages' costs."""
    project = view.project
    base = timebase_of(project.source.info if project.source is not None else None, start_hour=project.settings.handover.start_hour)
    return {
        "project": {"id": project.id, "name": project.name, "from": project.source_language, "to": project.target_language},
        "source": to_plain(project.source),
        "settings": to_plain(project.settings),
        "counts": to_plain(view.counts),
        "speakers": to_plain(view.speakers),
        "lines": [line_entry(row, base) for row in rows],
        "skipped": to_plain(view.skipped),
        "notices": list(view.notices),
        "stages": to_plain(costs),
    }
