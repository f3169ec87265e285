"""How large deliveries will be, told before anything is opened: from lengths alone, to within headers and texts."""

from __future__ import annotations

from pathlib import Path

from studio.domain.project import Project
from studio.domain.timebase import picture_samples
from studio.domain.timing import ms_to_samples
from studio.domain.views import LineRow
from studio.media.broadcast_wav import SAMPLE_BYTES
from studio.stages.mix import MIX_RATE_HZ


def estimated_sizes(project: Project, rows: tuple[LineRow, ...], bed: Path | None, *, is_rendered: bool) -> dict[str, int]:
    """Bytes by kind, of the deliveries that hold sound; empty without media or takes."""
    voiced = [row for row in rows if row.take is not None]
    if project.source is None or not voiced:
        return {}
    long = picture_samples(project.source.info, MIX_RATE_HZ) * SAMPLE_BYTES
    around_ms = 2 * project.settings.handover.handle_ms
    lines = sum(ms_to_samples(row.take.report.fitted_ms + around_ms, MIX_RATE_HZ) * SAMPLE_BYTES for row in voiced if row.take is not None)
    bed_bytes = bed.stat().st_size if bed is not None and bed.exists() else 0
    speakers = len({row.speaker.id for row in voiced})
    return {"stems": lines + long * (speakers + 1 + 2 * is_rendered) + bed_bytes, "premix": long + bed_bytes}
