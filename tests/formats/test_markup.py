"""Cue text to spoken text."""

from __future__ import annotations

import pytest

from studio.formats.markup import DRAWING_ONLY, SOUND_ONLY, label_of, spoken, without_label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<i>Hello</i> <font color='red'>there</font>", "Hello there"),
        ("<b>never closed", "never closed"),
        ("{\\an8}{\\pos(1,2)}Hi", "Hi"),
        ("3 < 4 and 5 > 2, <3", "3 < 4 and 5 > 2, <3"),
        ("AT&amp;T &lt;now&gt; R&D", "AT&T <now> R&D"),
        ("One<br>two<BR/>three", "One two three"),
        ("a\u200bb\ufeffc \u00a0 d", "abc d"),
        ("क्\u200dष می\u200cخواهم", "क्\u200dष می\u200cخواهم"),
        ("<00:02.000>word <c.loud>by</c> word", "word by word"),
        ("f(x) = {1, 2}", "f(x) = {1, 2}"),
        ("- Yes.\n- No.", "- Yes. - No."),
        ("♪ la la ♪", "la la"),
        ("[softly] Come in.", "Come in."),
        ("Use [Ctrl] and (Shift).", "Use [Ctrl] and (Shift)."),
    ],
)
def test_only_the_words_are_kept(text: str, words: str) -> None:
    assert spoken(text).text == words


@pytest.mark.parametrize(
    "text", ["[door slams]", "(deep rumbling)", "♪ ♪", "♪♪ [music] ♪", "- [gasps]\n- (sighs)", "【笑い声】", "（拍手）"]
)
def test_a_cue_that_only_describes_a_sound_has_no_words(text: str) -> None:
    found = spoken(text)
    assert (found.text, found.emptied) == ("", SOUND_ONLY)


def test_a_drawing_has_no_words() -> None:
    assert spoken("{\\p1}m 0 0 l 100 0{\\p0}", has_tags=False).emptied == DRAWING_ONLY


@pytest.mark.parametrize(
    ("text", "note"), [("- A\n- B", "Two people"), ("Come!\n-We will.", "Two people"), ("♪ la", "song"), ("[softly] Hi", "[softly]")]
)
def test_what_an_editor_should_know_is_noted(text: str, note: str) -> None:
    assert any(note in found for found in spoken(text).notes)


@pytest.mark.parametrize(
    ("lines", "label", "rest"),
    [
        (("MAN:", "How?"), "MAN", "How?"),
        (("DR. LEE: How?",), "DR. LEE", "How?"),
        (("- ANN: How?", "- Well"), "ANN", "How? - Well"),
    ],
)
def test_a_label_in_capitals_is_a_name(lines: tuple[str, ...], label: str, rest: str) -> None:
    assert label_of(lines) == label
    assert without_label(lines, label) == rest


@pytest.mark.parametrize("lines", [("Man: how?",), ("It is 10:30",), ("A: b",), ("STOP",), ("MAN:",), ()])
def test_other_colons_are_no_names(lines: tuple[str, ...]) -> None:
    assert label_of(lines) is None
