"""Writing: every format comes back as it went out, and no cell or text can do harm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadSetting
from studio.domain.project import Script
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan
from studio.formats.read import read_script
from studio.formats.write import ScriptRow, write_script

ROWS = (
    ScriptRow(TimeSpan(0, 1500), "Ann", "Hello & welcome", "Hallo & willkommen", "Hallo & willkommen"),
    ScriptRow(TimeSpan(1500, 3001), "Bob, the 2nd", "- Is 3 < 4?", "=1+1", "3 < 4 <b>&amp;</b> --> {x} 你好，世界"),
    ScriptRow(TimeSpan(3_723_004, 3_724_000), "Ann", "", "", ""),
)


def back(text: str, kind: str) -> Script:
    return read_script(text.encode(), f"a.{kind}", limits=Limits(), max_cue_ms=60_000)


@pytest.mark.parametrize("kind", ["srt", "vtt", "ttml"])
def test_subtitles_come_back_as_they_went_out(kind: str) -> None:
    script = back(write_script(ROWS, kind, language="de"), kind)
    assert script.format == kind
    assert [(line.start_ms, line.end_ms, line.text) for line in script.lines] == [(0, 1500, ROWS[0].text), (1500, 3001, ROWS[1].text)]
    assert [line.speaker for line in script.lines] == ([None, None] if kind == "srt" else ["Ann", "Bob, the 2nd"])


def test_ass_comes_back_with_the_nearest_hundredths() -> None:
    script = back(write_script(ROWS, "ass", language="de"), "ass")
    assert [(line.start_ms, line.end_ms, line.text) for line in script.lines] == [(0, 1500, ROWS[0].text), (1500, 3000, ROWS[1].text)]


def test_the_table_comes_back_whole_with_lines_that_have_no_words_yet() -> None:
    script = back(write_script(ROWS, "csv", language="de"), "csv")
    found = [(line.start_ms, line.end_ms, line.speaker, line.text, line.target_text) for line in script.lines]
    assert found == [(row.span.start_ms, row.span.end_ms, row.speaker, row.source, row.target) for row in ROWS]
    assert script.skipped == ()


def test_no_cell_of_the_table_starts_a_formula() -> None:
    row = ScriptRow(TimeSpan(0, 1000), '=HYPERLINK("x")', "+1", "@cmd", "")
    cells = write_script((row,), "csv", language="en").splitlines()[1].split(",", 3)[3]
    assert cells.startswith("\"'=HYPERLINK") and "'+1" in cells and "'@cmd" in cells


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadSetting, match="srt, vtt, ass, ttml, csv"):
        write_script(ROWS, "docx", language="en")


def test_subtitles_without_any_text_are_still_valid_files() -> None:
    assert write_script(ROWS[2:], "vtt", language="en").startswith("WEBVTT")
    assert write_script((), "srt", language="en") == ""


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Co", "Cn")), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(WORDS.filter(lambda word: not set(word) & set("♩♪♫♬🎵🎶🎼[]()【】（）*#-‐‑–—:：\ufffc")), min_size=1, max_size=4),
    st.sampled_from(["srt", "vtt", "ttml"]),
)
def test_any_plain_words_survive_the_round_trip(words: list[str], kind: str) -> None:
    text = " ".join(words)
    row = ScriptRow(TimeSpan(1000, 2000), "Ann", "", "", text)
    assert [line.text for line in back(write_script((row,), kind, language="en"), kind).lines] == [text]
