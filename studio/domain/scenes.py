"""Scenes: runs of lines that no longer silence parts. Lines in timeline order in, the same lines in groups out."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.line import Line

SCENE_GAP_MS = 3_000  # a longer silence between two lines ends a scene


def scenes(lines: Sequence[Line], gap_ms: int = SCENE_GAP_MS) -> tuple[tuple[Line, ...], ...]:
    """Every line in exactly one scene, in order. A line that overlaps others holds its scene together until it ends."""
    found: list[list[Line]] = []
    end_ms = 0
    for line in lines:
        if found and line.span.start_ms - end_ms <= gap_ms:
            found[-1].append(line)
            end_ms = max(end_ms, line.span.end_ms)
        else:
            found.append([line])
            end_ms = line.span.end_ms
    return tuple(tuple(scene) for scene in found)


def scene_of(lines: Sequence[Line], line_id: str) -> tuple[Line, ...]:
    """The scene a line stands in; empty where there is no such line."""
    return next((scene for scene in scenes(lines) if any(line.id == line_id for line in scene)), ())
