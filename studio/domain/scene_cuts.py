"""Which lines belong together: a scene lasts until nobody speaks for a while. Lines in timeline order in, groups of them out."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.line import Line

SCENE_PAUSE_MS = 3000  # longer silence and the next line is another scene


def scenes(lines: Sequence[Line], *, pause_ms: int = SCENE_PAUSE_MS) -> tuple[tuple[Line, ...], ...]:
    """Lines in timeline order, cut wherever more than `pause_ms` pass between the latest end so far and the next start."""
    found: list[list[Line]] = []
    end_ms = 0
    for line in lines:
        if not found or line.span.start_ms - end_ms > pause_ms:
            found.append([])
        found[-1].append(line)
        end_ms = max(end_ms, line.span.end_ms)
    return tuple(tuple(scene) for scene in found)


def scene_of(lines: Sequence[Line], line_id: str, *, pause_ms: int = SCENE_PAUSE_MS) -> tuple[Line, ...]:
    """The scene of a line; empty where there is no such line."""
    return next((scene for scene in scenes(lines, pause_ms=pause_ms) if any(line.id == line_id for line in scene)), ())
