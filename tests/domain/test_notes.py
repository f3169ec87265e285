"""Notes: mentions follow their line, threads stand where they belong, and what is no note is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.errors import BadSetting
from studio.domain.line import Line
from studio.domain.notes import MAX_NOTE_CHARS, Mention, Note, note_text, open_counts, places, with_ids, with_numbers
from studio.domain.timing import TimeSpan

A, B, C = "a" * 32, "b" * 32, "c" * 32


def line(line_id: str, start_ms: int, end_ms: int) -> Line:
    return Line(line_id, TimeSpan(start_ms, end_ms), "s", "words")


LINES = (line(A, 0, 1000), line(B, 900, 4000), line(C, 5000, 6000))


def test_a_mention_reads_the_number_its_line_has_now() -> None:
    kept = with_ids("As in #2, not #1; see #7", {1: A, 2: B})
    assert with_numbers(kept, {A: 1, B: 2}) == ("As in #2, not #1; see #7", (Mention(2, B), Mention(1, A)))
    assert with_numbers(kept, {B: 5}) == ("As in #5, not #1; see #7", (Mention(5, B),)), "a line that is gone keeps its number and leads nowhere"


@pytest.mark.parametrize("text", ["#0", "a#1", "##1", "#1st", "&#1;", "#1234567", "http://x/#1a"])
def test_what_only_looks_like_a_mention_stays_text(text: str) -> None:
    assert with_ids(text, {1: A, 12: B}) == text


def test_an_id_typed_by_hand_leads_nowhere_of_its_own() -> None:
    assert with_ids(f"#1{{{B}}}", {1: A}) == f"#1{{{A}}}"


@given(st.text(max_size=200))
def test_any_text_is_read_as_it_was_typed(text: str) -> None:
    assert with_numbers(with_ids(text, {1: A, 2: B}), {A: 1, B: 2})[0] == with_numbers(text, {})[0]


def test_a_note_stands_on_its_line_and_on_what_speaks_then_once_that_is_gone() -> None:
    notes = (
        Note("1", "x", "ada", "", line_id=A, at_ms=5500),
        Note("2", "x", "ada", "", line_id="gone", at_ms=950),
        Note("3", "x", "ada", "", line_id="gone"),
        Note("4", "x", "ada", "", at_ms=4500),
        Note("5", "x", "ada", "", reply_to="2"),
        Note("6", "x", "ada", ""),
    )
    assert places(notes, LINES) == {"1": A, "2": B, "5": B}, "of two who speak at once, the one begun last"


def test_open_threads_are_counted_and_answers_and_resolved_ones_are_not() -> None:
    notes = (
        Note("1", "x", "ada", "", line_id=B),
        Note("2", "x", "ada", "", reply_to="1"),
        Note("3", "x", "ada", "", at_ms=1000),
        Note("4", "x", "ada", "", line_id=C, resolved_by="ada", resolved_at="2026"),
    )
    assert open_counts(notes, LINES) == {B: 2}


def test_a_note_keeps_its_lines_and_needs_words_and_an_end() -> None:
    assert note_text("  one \r\n two\t\n") == "one\n two"
    with pytest.raises(BadSetting, match="some words"):
        note_text(" \n\t ")
    with pytest.raises(BadSetting, match=f"{MAX_NOTE_CHARS} characters"):
        note_text("x" * (MAX_NOTE_CHARS + 1))
