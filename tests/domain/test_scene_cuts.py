"""A scene lasts until nobody speaks for a while."""

from __future__ import annotations

from studio.domain.line import Line
from studio.domain.scene_cuts import SCENE_PAUSE_MS, scene_of, scenes
from studio.domain.timing import TimeSpan


def line(name: str, start_ms: int, end_ms: int) -> Line:
    return Line(name, TimeSpan(start_ms, end_ms), "a", name)


def names(groups: tuple[tuple[Line, ...], ...]) -> list[str]:
    return ["".join(line.id for line in group) for group in groups]


def test_more_than_the_pause_begins_another_scene_and_exactly_the_pause_does_not() -> None:
    lines = [line("a", 0, 1000), line("b", 1000 + SCENE_PAUSE_MS, 6000), line("c", 6001 + SCENE_PAUSE_MS, 12_000)]
    assert names(scenes(lines)) == ["ab", "c"]


def test_a_long_line_that_others_lie_within_holds_its_scene_together() -> None:
    lines = [line("a", 0, 20_000), line("b", 1000, 2000), line("c", 22_000, 23_000)]
    assert names(scenes(lines)) == ["abc"]


def test_the_scene_of_a_line_is_found_by_any_of_its_lines_and_of_none_there_is_none() -> None:
    lines = [line("a", 0, 1000), line("b", 1500, 2000), line("c", 60_000, 61_000)]
    assert [one.id for one in scene_of(lines, "b")] == ["a", "b"] and scene_of(lines, "x") == () and scenes([]) == ()
