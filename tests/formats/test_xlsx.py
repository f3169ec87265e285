"""Workbooks: nothing typed becomes a formula, edited times count by frames, strangers' sheets are read, hostile archives are not."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from fractions import Fraction

import pytest

from studio.domain.errors import BadSetting, BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen, Script
from studio.domain.settings import Limits
from studio.formats import zip_guard
from studio.formats.cue import Ledger
from studio.formats.read import read_script
from studio.formats.scripted import ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece
from studio.formats.xlsx_read import NO_HEADER, is_workbook, read_xlsx
from studio.formats.xlsx_write import HEADER, write_xlsx

EVENT = ScriptEvent(
    "k1", 1003, 2007, (TextPiece("en", "=1+1", "en"), TextPiece("zh", "@你好", "en")), ("r",), OnScreen.OFF, LineStatus.APPROVED, ("a", "b")
)  # fmt: skip
DOCUMENT = ScriptDocument(ScriptType.TRANSLATED, "zh", "en", (ScriptCharacter("r", "-Ann"),), (EVENT,), "T", "film.mov", Fraction(30000, 1001))


def read(data: bytes, name: str = "a.xlsx") -> Script:
    return read_script(data, name, limits=Limits(), max_cue_ms=60_000)


def sheet(rows: list[list[object]], title: str = "Dialogue") -> bytes:
    """A workbook as somebody else makes it."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, changed: dict[str, bytes]) -> bytes:
    """The archive with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in archive.namelist():
            made.writestr(name, changed.pop(name, archive.read(name)))
        for name, content in changed.items():
            made.writestr(name, content)
    return out.getvalue()


def test_every_cell_of_words_is_text_and_never_a_formula() -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(write_xlsx(DOCUMENT)))
    cells = dict(zip(HEADER, book["Lines"][2], strict=True))
    assert {cell.data_type for title, cell in cells.items() if cell.value is not None} == {"s", "n"}
    assert (cells["source"].value, cells["speaker"].value, cells["in"].value) == ("=1+1", "-Ann", "00:00:01;00")
    assert "<f>" not in zipfile.ZipFile(io.BytesIO(write_xlsx(DOCUMENT))).read("xl/worksheets/sheet1.xml").decode()


def test_the_same_script_is_the_same_file_whenever_it_is_written() -> None:
    data = write_xlsx(DOCUMENT)
    assert write_xlsx(DOCUMENT) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", archive.read("docProps/core.xml").decode())) == {"1980-01-01T00:00:00"}


def test_an_untouched_workbook_comes_back_to_the_millisecond_and_an_edited_time_by_its_frame() -> None:
    from openpyxl import load_workbook

    script = read(write_xlsx(DOCUMENT))
    assert (script.format, script.media, script.source_language, script.target_language) == ("xlsx", "film.mov", "en", "zh")
    (line,) = script.lines
    assert (line.start_ms, line.end_ms, line.key, line.text, line.target_text) == (1003, 2007, "k1", "=1+1", "@你好")
    assert (line.speaker, line.status, line.on_screen, line.notes) == ("-Ann", LineStatus.APPROVED, OnScreen.OFF, ("a", "b"))
    book = load_workbook(io.BytesIO(write_xlsx(DOCUMENT)))
    book["Lines"]["C2"] = "00:00:02;15"
    out = io.BytesIO()
    book.save(out)
    (edited,) = read(out.getvalue()).lines
    assert (edited.start_ms, edited.end_ms) == (1003, 2503), "60 frames and 15 at 29.97 are 2502.5 ms"


def test_a_strangers_sheet_is_read_by_the_names_of_its_columns() -> None:
    rows: list[list[object]] = [
        ["The last ferry, episode 3"],
        ["#", "TC in", "Start", "End", "Character", "Dialogue", "Adaptation", "Status", "Comment", "On/Off"],
        [1, "x", datetime.time(0, 0, 1, 500_000), datetime.time(0, 0, 3), "ANN", "  Hello,\n you ", "Hallo", "Approved", "softly", "off on"],
        [2, "x", 5, 6.5, "BOB", "=A1", "", "final", "", "left"],
        [None] * 10,
        [3, "x", "00:00:10:12", "later", "BOB", "gone", "", "", "", ""],
    ]
    script = read(sheet(rows))
    first, second = script.lines
    assert (first.start_ms, first.end_ms, first.speaker, first.text, first.target_text) == (1500, 3000, "ANN", "Hello, you", "Hallo")
    assert (first.status, first.notes, first.on_screen) == (LineStatus.APPROVED, ("softly",), OnScreen.OFF_ON)
    assert (second.start_ms, second.end_ms, second.text) == (5000, 6500, ""), "a formula that was never computed shows nothing"
    assert {item.where for item in script.skipped} == {"row 4", "row 6"}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([["a", "b"], [1, 2]], NO_HEADER), ([], NO_HEADER), ([["in", "out", "source"]], "no line with a time")],
)  # fmt: skip
def test_a_workbook_without_lines_is_refused_with_what_to_do(rows: list[list[object]], reason: str) -> None:
    with pytest.raises(BadSubtitles, match=reason[:40].replace("(", r"\(")):
        read(sheet(rows))


def test_archives_that_harm_are_refused_before_they_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    good = write_xlsx(DOCUMENT)
    path = "xl/worksheets/sheet1.xml"
    xml = zipfile.ZipFile(io.BytesIO(good)).read(path)
    bomb = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>' + xml
    for changed, said in (
        ({path: bomb}, "document type or entities"),
        ({path: ("\ufeff" + bomb.decode()).encode("utf-16-le")}, "document type or entities"),
        ({path: b" " * (1 << 20) + bomb.lower()}, "document type or entities"),
        ({path: xml[: len(xml) // 2]}, "cannot be"),
        ({f"xl/media/{at}.xml": b"" for at in range(zip_guard.MAX_PARTS)}, "unpack to far more"),
    ):
        with pytest.raises(BadSubtitles, match=said):
            read(repacked(good, dict(changed)))
    with pytest.raises(BadSubtitles, match="encrypted or damaged"):
        read(good[: len(good) - 200] if is_workbook(good[: len(good) - 200]) else _with_broken_part(good))
    monkeypatch.setattr(zip_guard, "MAX_PART_BYTES", 1 << 20)
    with pytest.raises(BadSubtitles, match="unpack to far more"):
        read(repacked(good, {"xl/media/zeros.xml": b"\0" * (2 << 20)}))


def _with_broken_part(good: bytes) -> bytes:
    """The same archive with bytes of its packed sheet turned over."""
    at = good.index(b"xl/worksheets/sheet1.xml") + 60
    return good[:at] + bytes(255 - byte for byte in good[at : at + 40]) + good[at + 40 :]


def test_other_archives_are_no_workbooks() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
        archive.writestr("[Content_Types].xml", "<x/>")
    assert not is_workbook(out.getvalue())
    with pytest.raises(BadSubtitles, match="a ZIP archive or an Office document"):
        read(out.getvalue())


def test_a_row_far_down_does_not_make_a_million_rows() -> None:
    good = write_xlsx(DOCUMENT)
    path = "xl/worksheets/sheet1.xml"
    xml = zipfile.ZipFile(io.BytesIO(good)).read(path)
    far = xml.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>')
    assert len(read(repacked(good, {path: far})).lines) == 1


def test_too_many_lines_are_refused_and_a_text_too_long_for_a_cell_is_said() -> None:
    rows: list[list[object]] = [["in", "out", "source"], *([at, at + 0.5, "x"] for at in range(30))]
    with pytest.raises(BadSubtitles, match="at most 20"):
        read_xlsx(sheet(rows), "a.xlsx", Ledger("a.xlsx", max_cues=20))
    long = ScriptEvent("1", 0, 1000, (TextPiece("en", "x" * 40_000, "en"),))
    with pytest.raises(BadSetting, match="longer than a cell of a workbook can hold"):
        write_xlsx(ScriptDocument(ScriptType.ORIGINAL, "en", "en", events=(long,)))
