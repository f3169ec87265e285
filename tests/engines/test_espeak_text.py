from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engines.espeak_text import LONGEST_CHARS, has_speech, speakable, within_limit


@pytest.mark.parametrize("text", ["", "  ", "?!—…", "♪ ♪", "。！", "🎬"])
def test_signs_alone_are_no_speech(text: str) -> None:
    assert not has_speech(text)


@pytest.mark.parametrize("text", ["a", "你", "ส", "5", "ж!", "♪ la ♪"])
def test_letters_and_digits_of_any_script_are_speech(text: str) -> None:
    assert has_speech(text)


def test_control_codes_and_line_breaks_are_left_out_and_joiners_stay() -> None:
    assert speakable("a\0b\x01\u0007 \n c\ud800") == "ab c"
    assert speakable("می\u200cخواهم") == "می\u200cخواهم"


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab 字\n", max_size=3 * LONGEST_CHARS))
def test_pieces_are_short_and_together_all_that_can_be_spoken(text: str) -> None:
    pieces = within_limit(text)
    assert all(len(piece) <= LONGEST_CHARS for piece in pieces)
    assert "".join(pieces).replace(" ", "") == speakable(text).replace(" ", "")


def test_a_cut_falls_between_words() -> None:
    assert {word for piece in within_limit("word " * 1000) for word in piece.split()} == {"word"}
