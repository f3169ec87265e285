"""SubRip as people and programs really write it."""

from __future__ import annotations

import pytest

from studio.formats.cue import Cue, Ledger
from studio.formats.subrip import looks_like, parse


def cues(text: str) -> list[Cue]:
    return parse(text, Ledger())


@pytest.mark.parametrize(
    ("timing", "start_ms", "end_ms"),
    [
        ("00:00:01,500 --> 00:00:02,750", 1500, 2750),
        ("0:0:1.5 --> 0:0:2.75", 1500, 2750),
        ("00:01,500-->00:02,750", 1500, 2750),
        ("00:00:01 --> 00:00:02", 1000, 2000),
        ("00 : 00 : 01 , 500 -> 00:00:02,750", 1500, 2750),
        ("  00:00:01,500  -->  00:00:02,750  X1:40 X2:600", 1500, 2750),
        ("00:00:01,500 → 00:00:02,750", 1500, 2750),
        ("01:00:00,000 --> 01:00:00,001", 3_600_000, 3_600_001),
    ],
)
def test_sloppy_timing_lines_are_read(timing: str, start_ms: int, end_ms: int) -> None:
    cue = cues(f"1\n{timing}\nHello\n")[0]
    assert (cue.start_ms, cue.end_ms, cue.text) == (start_ms, end_ms, "Hello")


def test_a_number_alone_on_a_line_of_text_is_text() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nHow many?\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n"
    assert [cue.text for cue in cues(text)] == ["How many? 42", "7"]


def test_cues_without_blank_lines_between_are_parted_by_their_numbers() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n"
    assert [cue.text for cue in cues(text)] == ["One", "Two"]


def test_text_after_a_blank_line_inside_a_cue_is_kept() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\nmore of one\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n"
    assert [cue.text for cue in cues(text)] == ["One more of one", "Two"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
def test_any_line_end_will_do(ending: str) -> None:
    text = ending.join(["1", "00:00:01,000 --> 00:00:02,000", "One", "", "2", "00:00:03,000 --> 00:00:04,000", "Two"])
    assert [cue.text for cue in cues(text)] == ["One", "Two"]


def test_a_time_that_cannot_be_read_is_reported_and_costs_its_cue_only() -> None:
    ledger = Ledger()
    text = "1\n00:00:01,000 --> 00:00:zz\nLost\n\n2\n00:00:03,000 --> 00:00:0x\nLost too\n\n3\n00:00:05,000 --> 00:00:06,000\nKept\n"
    assert [cue.text for cue in parse(text.replace("zz", "99999,0"), ledger)] == ["Kept"]
    assert [item.where for item in ledger.drops] == ["cue 1 (line 2)", "cue 2 (line 6)"]


def test_an_arrow_in_the_text_is_no_timing_line() -> None:
    assert cues("1\n00:00:01,000 --> 00:00:02,000\ngo --> there\n")[0].text == "go --> there"


def test_prose_is_no_subrip() -> None:
    assert not looks_like("At 10:30 --> she left.\nNothing more.")
