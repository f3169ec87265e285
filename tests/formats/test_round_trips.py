"""Import, export, import: every format gives back what it can hold (docs/editors-guide.md has the table), whatever was typed."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen, Script
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan
from studio.formats.cue import Ledger
from studio.formats.read import read_script
from studio.formats.scripted import ScriptDocument
from studio.formats.write import ScriptRow, write_script
from studio.formats.xlsx_read import read_xlsx
from studio.formats.xlsx_write import LineFigures, write_xlsx
from tests.formats.made_scripts import NAMES, NASTY, TEXTS, documents

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


@st.composite
def rows(draw: st.DrawFn) -> tuple[ScriptRow, ...]:
    """Lines in order of time, each at a time of its own."""
    made, start_ms = [], 0
    for key in draw(st.lists(st.uuids().map(lambda one: one.hex), max_size=6, unique=True)):
        start_ms += draw(st.integers(10, 500_000))
        span = TimeSpan(start_ms, start_ms + draw(st.integers(10, 15_000)))
        source, target = draw(TEXTS), draw(TEXTS)
        notes = tuple(draw(st.lists(TEXTS, max_size=2)))
        start_ms = span.end_ms
        made.append(ScriptRow(span, draw(NAMES), source, target, target, key, draw(st.sampled_from(LineStatus)), notes, draw(st.none() | st.sampled_from(OnScreen))))
    return tuple(made)


def read(data: str | bytes, kind: str) -> Script:
    data = data.encode("utf-8", errors="surrogatepass") if isinstance(data, str) else data
    return read_script(data, f"a.{kind}", limits=Limits(), max_cue_ms=600_000)


def shown(text: str) -> str:
    """What a subtitle can hold of a text: its lines, without blank ones and without space at their edges."""
    lines = (UNPRINTABLE.sub("", line).strip() for line in BREAKS.split(text))
    return "\n".join(line for line in lines if line)


def whole(text: str) -> str:
    """What a table can hold of a text: all but control characters, with one kind of line break."""
    return UNPRINTABLE.sub("", BREAKS.sub("\n", text))


def named(name: str, form: str) -> str | None:
    plain = re.sub(r"\s*[\r\n\u2028\u2029\x0b\x0c\x85]+\s*", " ", name)
    plain = UNPRINTABLE.sub("", plain).strip()
    plain = plain.replace(",", " ").strip() if form == "ass" else plain
    return None if not plain or (form == "ass" and plain.lower() == "ntp") else plain


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows(), st.sampled_from(("vtt", "ass", "ttml")))
def test_subtitles_of_ours_give_back_words_as_typed_speakers_and_times(made: tuple[ScriptRow, ...], form: str) -> None:
    kept = [row for row in made if shown(row.text)]
    if not kept:
        return
    lines = read(write_script(made, form, language="he"), form).lines
    assert [line.text for line in lines] == [shown(row.text) for row in kept]
    assert [line.speaker for line in lines] == [named(row.speaker, form) for row in kept]
    step_ms = 10 if form == "ass" else 1
    for line, row in zip(lines, kept, strict=True):
        assert abs(line.start_ms - row.span.start_ms) <= step_ms // 2 and abs(line.end_ms - row.span.end_ms) <= step_ms // 2
    if form != "ass":
        assert [line.key for line in lines] == [row.key for row in kept]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows(), st.sampled_from(("srt", "vtt", "ass", "ttml")))
def test_what_was_imported_once_comes_back_the_same(made: tuple[ScriptRow, ...], form: str) -> None:
    """Also SubRip, which cannot say who wrote it and is cleaned as a stranger's: once clean, it stays."""
    text = write_script(made, form, language="en")
    if not any(shown(row.text) for row in made):
        return
    try:
        first = read(text, form)
    except BadSubtitles as error:  # nothing but sounds and signs in it is no script
        assert form == "srt" and "none of its cues can be used" in str(error)
        return
    again = [ScriptRow(TimeSpan(one.start_ms, one.end_ms), one.speaker or "", one.text, "", one.text, one.key or "") for one in first.lines]
    second = read(write_script(again, form, language="en"), form)
    facts = [(one.start_ms, one.end_ms, one.text, one.speaker, one.key) for one in first.lines]
    assert [(one.start_ms, one.end_ms, one.text, one.speaker, one.key) for one in second.lines] == facts


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows())
def test_a_table_gives_back_everything(made: tuple[ScriptRow, ...]) -> None:
    if not made:
        return
    text = write_script(made, "csv", language="he")
    for cells in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "＝")) for cell in cells)
    script = read(text, "csv")
    assert script.skipped == ()
    for line, row in zip(script.lines, made, strict=True):
        assert (line.start_ms, line.end_ms, line.key, line.status, line.on_screen) == (row.span.start_ms, row.span.end_ms, row.key, row.status, row.on_screen)
        assert (line.text, line.target_text, line.speaker) == (whole(row.source), whole(row.target), named(row.speaker, "csv"))
        assert line.notes == tuple(note for one in row.notes if (note := named(one, "csv")))


def tabled(document: ScriptDocument) -> list[tuple[object, ...]]:
    """What a workbook can hold of each event: one speaker by name, both sides, notes on a line each."""
    def clean(text: str) -> str:
        return UNPRINTABLE.sub("", re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text))

    names = {one.id: one.name for one in document.characters}
    found = []
    for one in document.events:
        speaker = clean(names[one.character_ids[0]]).strip() if one.character_ids else ""
        notes = tuple(note for raw in one.notes if (note := UNPRINTABLE.sub("", re.sub("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", " ", raw)).strip()))
        key = clean(one.id).strip()
        found.append((key, one.start_ms, one.end_ms, speaker or None, clean(document.source_text(one)), clean(document.target_text(one)), one.status, one.on_screen, notes))
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(max_events=5).filter(lambda document: all(event.id.strip() and event.id.isprintable() for event in document.events)))
def test_a_workbook_gives_back_everything_to_the_millisecond(document: ScriptDocument) -> None:
    figures = {event.id: LineFigures(0.5, -1.25) for event in document.events[:1]}
    back = read_xlsx(write_xlsx(document, figures), "a.xlsx", ledger := Ledger())
    assert ledger.skipped() == ()
    wanted = tabled(document)
    assert [(row[0], *row[1:3], *row[6:]) for row in tabled(back)] == [(row[0], *row[1:3], *row[6:]) for row in wanted]
    assert [row[3] for row in tabled(back)] == [row[3] for row in wanted]
    assert [row[4:6] for row in tabled(back)] == [row[4:6] for row in wanted]
    assert (back.kind, back.language, back.from_language, back.fps) == (document.kind, document.language, document.from_language, document.fps)


@pytest.mark.parametrize("form", ["srt", "vtt", "ass", "ttml"])
def test_direction_marks_inside_a_strangers_text_are_kept(form: str) -> None:
    text = "אני אוהב את C++\u200e, באמת \u2067(123)\u2069 כן"
    row = ScriptRow(TimeSpan(1000, 2000), "", "", "", text)
    written = write_script((row,), form, language="he").replace("Written by Lipline", "Written by someone")
    assert [line.text for line in read(written, form).lines] == [text]


@pytest.mark.parametrize("form", ["vtt", "ass", "ttml"])
@pytest.mark.parametrize("text", NASTY)
def test_each_nasty_text_comes_back_from_each_format(form: str, text: str) -> None:
    row = ScriptRow(TimeSpan(1000, 2000), "Ann", "", "", text)
    if shown(text):
        assert [line.text for line in read(write_script((row,), form, language="en"), form).lines] == [shown(text)]


