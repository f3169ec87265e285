"""SSA and ASS: columns by the Format line, names with commas, drawings, comments."""

from __future__ import annotations

from studio.formats.cue import Cue, Ledger
from studio.formats.ssa import looks_like, parse

HEAD = "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def cues(events: str, ledger: Ledger | None = None, head: str = HEAD) -> list[Cue]:
    return parse(head + events, Ledger() if ledger is None else ledger)


def test_text_keeps_its_commas_and_its_angle_brackets() -> None:
    cue = cues("Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,,One, two, <b>three</b>\\Nfour\n")[0]
    assert (cue.start_ms, cue.end_ms, cue.speaker, cue.text) == (1000, 2500, "Ann", "One, two, <b>three</b> four")


def test_commas_in_a_name_are_mended_by_the_margins() -> None:
    ledger = Ledger()
    cue = cues("Dialogue: 0,0:00:01.00,0:00:02.50,Default,Smith, Dr., John,10,10,0,,Hello, you\n", ledger)[0]
    assert (cue.speaker, cue.text) == ("Smith, Dr., John", "Hello, you")
    assert any("comma in the name" in reason for reason in ledger.changes)


def test_columns_are_where_the_format_line_says() -> None:
    cue = cues("Dialogue: Hello,0:00:01.00,0:00:02.00,Bob\n", head="[Events]\nFormat: Name, Start, End, Text\n")[0]
    assert (cue.speaker, cue.text) == ("Hello", "Bob")


def test_drawings_and_comments_are_left_out_with_a_reason() -> None:
    ledger = Ledger()
    found = cues(
        "Comment: 0,0:00:00.00,0:00:05.00,D,,0,0,0,,note\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\nnonsense\n",
        ledger,
    )
    assert [cue.text for cue in found] == [""]
    assert "drawing" in str(found[0].emptied)
    assert len(ledger.drops) == 2


def test_an_override_is_removed_and_text_around_a_drawing_stays() -> None:
    assert cues("Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\\k20\\pos(1,2)}Hi {\\p1}m 0 0{\\p0}there\n")[0].text == "Hi there"


def test_the_placeholder_name_of_old_editors_is_no_speaker() -> None:
    assert cues("Dialogue: 0,0:00:01.00,0:00:02.00,D,NTP,0,0,0,,Hi\n")[0].speaker is None


def test_broken_columns_cost_one_cue() -> None:
    ledger = Ledger()
    assert cues("Dialogue: 0,soon,later\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,Hi\n", ledger)[0].text == "Hi"
    assert ledger.drops[0].where == "line 5"


def test_events_without_any_heading_are_recognised() -> None:
    assert looks_like("Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,Hi\n")
    assert parse("Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,Hi\n", Ledger())[0].text == "Hi"
