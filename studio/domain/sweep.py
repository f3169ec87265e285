"""A sweep: one line said under a grid of face and lip scales, each take scored, so that the editor can pick the point they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from studio.domain.errors import BadSetting
from studio.domain.settings import Guidance

DEFAULT_SCALES = (0.0, 0.5, 1.0, 2.0)
MAX_POINTS = 49


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One point of the grid and its take. Lip scores are None where they could not be measured, and `why` says why.

    `word_error`: of the recogniser `judged_by` against the line's text, 0 is perfect; None where none is installed. `likelihood`: then,
    where the voice can tell, how well the take's sound goes with its words (higher is better), by `judged_by`. `is_stale`: the line has
    changed since. `quality`: "preview" or "final"."""

    face_scale: float
    lip_scale: float
    take_id: str
    lse_c: float | None
    lse_d: float | None
    offset_frames: int | None
    word_error: float | None
    likelihood: float | None
    judged_by: str = ""
    quality: str = "preview"
    why: str = ""
    is_stale: bool = False


def grid(face_scales: Sequence[float], lip_scales: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Every pair (face, lip), each once, in order. Raises BadSetting for an empty, too large or impossible grid."""
    points = tuple(product(dict.fromkeys(map(float, face_scales)), dict.fromkeys(map(float, lip_scales))))
    if not points:
        raise BadSetting("A sweep needs at least one face scale and one lip scale.")
    if len(points) > MAX_POINTS:
        raise BadSetting(f"A sweep can hold {MAX_POINTS} points, not {len(points)}; take fewer scales.")
    for face, lip in points:
        Guidance(face, lip)  # raises for a scale outside its limits
    return points
