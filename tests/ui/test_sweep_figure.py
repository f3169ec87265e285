"""The figure of a sweep: one line of points per face scale, each carrying its take; an empty one says why."""

from __future__ import annotations

from dataclasses import replace

from studio.ui.sweep_figure import sweep_figure
from tests.bench_fakes import point_at

POINTS = tuple(point_at(face, lip, f"{face:g}-{lip:g}") for face in (0.0, 1.0) for lip in (0.0, 0.5, 2.0))


def test_every_point_stands_at_its_numbers_and_carries_its_take() -> None:
    figure = sweep_figure(POINTS, None, "nothing")
    assert [trace.name for trace in figure.data] == ["face 0", "face 1"]
    second = figure.data[1]
    assert list(second.y) == [8.0, 7.4, 5.6] and [round(x, 3) for x in second.x] == [0.04, 0.07, 0.16]
    assert list(second.text) == ["1·0", "1·0.5", "1·2"] and [row[1] for row in second.customdata] == ["1-0", "1-0.5", "1-2"]
    assert not figure.layout.annotations and "fake ears" in figure.layout.xaxis.title.text


def test_hovering_shows_all_numbers_of_a_point() -> None:
    words = sweep_figure(POINTS, None, "").data[0].customdata[0][0]
    for part in ("face 0, lips 0", "LSE-D 9.00", "LSE-C 2.00", "offset -2 frames", "word error 4 %", "preview quality"):
        assert part in words


def test_shapes_tell_faces_apart_and_the_circle_and_age_are_no_colours() -> None:
    old = (replace(POINTS[0], is_stale=True), *POINTS[1:])
    first, second = sweep_figure(old, "0-0.5", "").data
    assert list(first.marker.symbol) == ["circle-open", "circle", "circle"] and second.marker.symbol[0] == "square"
    assert first.marker.size[1] > first.marker.size[2]


def test_points_that_hardly_differ_are_not_drawn_far_apart() -> None:
    close = tuple(replace(point, lse_d=7.0 + 1e-6 * at, word_error=1.0) for at, point in enumerate(POINTS))
    figure = sweep_figure(close, None, "")
    low, high = figure.layout.yaxis.range
    assert high - low >= 0.5 and low < 7.0 < high
    assert [round(edge, 2) for edge in figure.layout.xaxis.range] == [0.95, 1.05]


def test_points_without_a_lip_score_are_left_to_the_table() -> None:
    figure = sweep_figure((replace(POINTS[0], lse_d=None), *POINTS[1:3]), None, "")
    assert len(figure.data[0].x) == 2


def test_an_empty_figure_shows_its_sentence_and_no_axes() -> None:
    figure = sweep_figure((), None, "No sweep of this line yet; press the button and there will be one as soon as its takes are there.")
    assert figure.layout.annotations[0].text.count("<br>") == 1 and figure.layout.xaxis.visible is False
