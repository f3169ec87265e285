"""Windows keep every line once, never overflow the model, and share lines with the window before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.translation.windows import Window, budgeted_windows, pieces, scene_windows


def test_a_short_scene_is_one_window_and_an_empty_one_is_none() -> None:
    assert scene_windows(35) == (Window(0, 35, 0),)
    assert scene_windows(1) == (Window(0, 1, 0),)
    assert scene_windows(0) == ()


def test_windows_after_the_first_begin_with_the_last_ten_lines_of_the_one_before() -> None:
    assert scene_windows(80) == (Window(0, 35, 0), Window(25, 60, 35), Window(50, 80, 60))
    assert scene_windows(80)[1].n_lead_in == 10
    assert scene_windows(5, max_lines=2, overlap_lines=0) == (Window(0, 2, 0), Window(2, 4, 2), Window(4, 5, 4))


def test_an_overlap_as_long_as_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="leave nothing new"):
        scene_windows(3, max_lines=10, overlap_lines=10)


def test_a_line_that_is_over_the_budget_stands_alone_and_the_others_are_not_pulled_in() -> None:
    costs = [10] * 5 + [5000] + [10] * 5
    windows = budgeted_windows(costs, 60, overlap_lines=2)
    assert Window(5, 6, 5) in windows
    assert all(sum(costs[w.first : w.end]) <= 60 for w in windows if w.keep_from != 5)


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 200), st.integers(1, 12), st.integers(0, 11))
def test_every_line_is_kept_once_within_lines_and_budget(costs: list[int], budget: int, max_lines: int, overlap: int) -> None:
    if overlap >= max_lines:
        return
    windows = budgeted_windows(costs, budget, max_lines=max_lines, overlap_lines=overlap)
    assert [line for w in windows for line in range(w.keep_from, w.end)] == list(range(len(costs)))
    for w in windows:
        assert 0 <= w.first <= w.keep_from < w.end
        assert w.end - w.first <= max_lines
        assert w.n_lead_in <= overlap
        assert sum(costs[w.first : w.end]) <= budget or w.end - w.first == 1


def test_a_long_line_is_cut_at_sentences_first_and_commas_next() -> None:
    assert pieces("One. Two. Three.", lambda text: len(text) <= 9) == ("One. Two.", "Three.")
    assert pieces("我来了。你走吧，别回来！", lambda text: len(text) <= 5) == ("我来了。", "你走吧，", "别回来！")
    assert pieces("short", lambda text: True) == ("short",)
    assert pieces("a b", lambda text: False) == ("a", "b")


@given(st.text(st.sampled_from("ab,. 。，\U0001f600"), max_size=60), st.integers(1, 10))
def test_pieces_fit_and_lose_nothing_but_white_space(text: str, longest: int) -> None:
    found = pieces(text, lambda piece: len(piece) <= longest)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(piece) <= longest for piece in found)


def test_a_line_of_2000_characters_without_a_stop_is_cut_too() -> None:
    found = pieces("好" * 2000, lambda piece: len(piece) <= 120)
    assert "".join(found) == "好" * 2000
    assert len(found) == 17
