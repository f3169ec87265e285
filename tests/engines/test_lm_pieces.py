"""Long lines are cut where a speaker would pause, and put together without losing a word."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engines.lm_pieces import joined, joint, pieces
from studio.engines.protocols import Wording


def wording(text: str, score: float) -> Wording:
    return Wording(text, score, score)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 。,好.\n", max_size=300), st.integers(1, 40))
def test_no_letter_is_lost_and_every_piece_is_short(text: str, longest: int) -> None:
    found = pieces(text, lambda piece: len(piece) <= longest)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(piece) <= longest for piece in found)


def test_a_sentence_end_is_preferred_to_a_comma_and_a_comma_to_a_space() -> None:
    assert pieces("我知道，你不知道。他也不知道，对吧", lambda piece: len(piece) < 12) == ["我知道，你不知道。", "他也不知道，对吧"]
    assert pieces("one two, three four five", lambda piece: len(piece) < 18) == ["one two,", "three four five"]
    assert pieces("好" * 2000, lambda piece: len(piece) <= 40)[0] == "好" * 31


def test_a_line_of_one_piece_keeps_its_finished_draws() -> None:
    first, second = wording("a", -2.0), wording("b", -1.0)
    assert joined([[first, None, second]], " ") == [first, second]
    assert joined([[None, first, second]], " ") == [second, first]


def test_pieces_are_joined_draw_by_draw_and_a_failed_draw_is_stood_in_for() -> None:
    drawn = [[wording("Hi.", -1.0), wording("Hey.", -2.0)], [None, wording("Bye", -4.0)]]
    assert [one.text for one in joined(drawn, joint("en"))] == ["Hi. Bye", "Hey. Bye"]
    assert [one.text for one in joined(drawn, joint("zh"))] == ["Hi.Bye", "Hey.Bye"]
    assert joined(drawn, " ")[0].score == -2.5
    assert joined([*drawn, [None, None]], " ") == []
