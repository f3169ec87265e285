"""Tables: header names, units, timecodes, and the guard against formulas."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.errors import BadSubtitles
from studio.domain.timebase import Timebase
from studio.formats.cue import Cue, Ledger
from studio.formats.table import guarded, looks_like, parse, unguarded
from studio.formats.table_rows import BAD_ROW_TIME, READ_AS_MS, READ_AS_TIMECODE


def cues(text: str, ledger: Ledger | None = None) -> list[Cue]:
    return parse(text, "a.csv", Ledger() if ledger is None else ledger)


@pytest.mark.parametrize(
    "text",
    [
        "start,end,speaker,source,target\n1.0,2.5,Ann,Hi,Hallo\n",
        "Start\tEnd\tCharacter\tText\tTranslation\n00:00:01.000\t00:00:02,500\tAnn\tHi\tHallo\n",
        "start_ms;end_ms;speaker;original;target\n1000;2500;Ann;Hi;Hallo\n",
        "target,source,speaker,duration,start\nHallo,Hi,Ann,1.5,1\n",
        "# a title\nTC In,x\nin,out,role,dialogue,translation\n1s,2500ms,Ann,Hi,Hallo\n",
        "start,end,speaker,source,target\r00:00:01,2.5,Ann,Hi,Hallo\r",
    ],
)
def test_columns_are_found_by_many_names_and_units(text: str) -> None:
    assert looks_like(text)
    cue = cues(text)[0]
    assert (cue.start_ms, cue.end_ms, cue.speaker, cue.text, cue.target_text) == (1000, 2500, "Ann", "Hi", "Hallo")


def test_bare_milliseconds_are_recognised_and_said() -> None:
    ledger = Ledger()
    assert [(cue.start_ms, cue.end_ms) for cue in cues("start,end,text\n1000,2500,a\n3000,4000,b\n", ledger)] == [
        (1000, 2500),
        (3000, 4000),
    ]
    assert READ_AS_MS in ledger.changes


def test_timecodes_are_read_at_25_frames_and_said() -> None:
    ledger = Ledger()
    assert cues("in,out,text\n00:00:01:05,00:00:02:00,a\n", ledger)[0].start_ms == 1200
    assert READ_AS_TIMECODE in ledger.changes


@pytest.mark.parametrize(("shown", "fps"), [("01:00:00;00", Fraction(30_000, 1001)), ("00:10:00:23", Fraction(24_000, 1001)), ("00:00:59:24", Fraction(25))])
def test_timecode_of_a_table_is_counted_as_the_programme_counts(shown: str, fps: Fraction) -> None:
    ledger = Ledger()
    (cue,) = parse(f"in,out,text\n{shown},{shown.replace('01:00', '02:00').replace('00:10', '00:11').replace('00:59', '01:01')},a\n", "a.csv", ledger, fps)
    assert Timebase(fps).timecode_at(cue.start_ms) == shown
    assert READ_AS_TIMECODE not in ledger.changes


def test_a_row_without_words_is_a_line_to_type_in_and_a_bad_time_costs_its_row() -> None:
    ledger = Ledger()
    found = cues("start,end,text\n1,2,\nsoon,2,x\n\n3,4,y\n", ledger)
    assert [(cue.text, cue.is_kept_empty) for cue in found] == [("", True), ("y", True)]
    assert [(item.where, item.reason) for item in ledger.drops] == [("row 3", BAD_ROW_TIME)]


def test_a_quoted_cell_may_hold_commas_quotes_and_lines() -> None:
    assert cues('start,end,text\n1,2,"One, ""two""\nthree"\n')[0].text == 'One, "two" three'


def test_a_cell_too_large_for_a_table_is_refused() -> None:
    with pytest.raises(BadSubtitles, match="cannot be read"):
        cues("start,end,text\n1,2," + "x" * 200_000)


@given(st.text(max_size=20))
def test_the_guard_is_undone_exactly_and_no_guarded_cell_starts_a_formula(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
