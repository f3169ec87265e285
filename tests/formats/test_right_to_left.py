"""Arabic and Hebrew lines, with Latin words, digits, punctuation and vowel marks among them, through every script format and back."""

from __future__ import annotations

import unicodedata

import pytest

from studio.domain.language import ISO_639_2, NAMES, language_code
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan
from studio.formats.cue import Ledger
from studio.formats.dapt_read import read_dapt
from studio.formats.dapt_write import write_dapt
from studio.formats.read import read_script
from studio.formats.scripted import ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece
from studio.formats.write import ScriptRow, write_script
from studio.formats.xlsx_read import read_xlsx
from studio.formats.xlsx_write import write_xlsx
from studio.formats.xml_tree import read_xml

SPOKEN = {
    "ar": (
        "مَرْحَبًا يا Captain Reyes، كيف حالُك؟",
        "الرحلة رقم 427 (C++) في ١٢:٣٠ — هل أنت جاهز؟!",
        "«لا»، قالت: \"انتظرْ 3.5 ثوانٍ…\"",
        "السطر الأول\nوالثاني: OK.",
    ),
    "he": (
        "שָׁלוֹם, Captain Reyes! מה שלומך?",
        "טיסה מס' 427 (C++) ב-12:30 — אתה מוכן?!",
        "צה״ל: \"חכה 3.5 שניות…\"",
        "שורה ראשונה\nושנייה: OK.",
    ),
}
CASES = [pytest.param(code, text, id=f"{code}{number}") for code, texts in SPOKEN.items() for number, text in enumerate(texts)]


def test_the_lines_hold_what_makes_them_hard() -> None:
    whole = "".join(text for texts in SPOKEN.values() for text in texts)
    kinds = {unicodedata.bidirectional(char) for char in whole}
    assert {"R", "AL", "L", "EN", "AN", "NSM", "ON"} <= kinds


@pytest.mark.parametrize("form", ["srt", "vtt", "ass", "ttml"])
@pytest.mark.parametrize(("code", "text"), CASES)
def test_subtitles_give_the_line_back_exactly(form: str, code: str, text: str) -> None:
    row = ScriptRow(TimeSpan(1000, 2000), "Ann", "", "", text)
    written = write_script((row,), form, language=code)
    (line,) = read_script(written.encode(), f"a.{form}", limits=Limits(), max_cue_ms=60_000).lines
    assert line.text == (" ".join(text.split("\n")) if form == "srt" else text)  # SubRip cannot say which breaks were meant


def scripted(code: str, text: str) -> ScriptDocument:
    texts = (TextPiece("en", "hello", "en"), TextPiece(code, text, "en"))
    name = "מאיה" if code == "he" else "مايا"
    event = ScriptEvent("a" * 32, 1000, 2000, texts, ("c",), notes=(text.splitlines()[0],))
    return ScriptDocument(ScriptType.TRANSLATED, code, "en", (ScriptCharacter("c", name),), (event,), title=name)


@pytest.mark.parametrize(("code", "text"), CASES)
def test_a_workbook_gives_line_name_and_note_back_exactly(code: str, text: str) -> None:
    document = scripted(code, text)
    back = read_xlsx(write_xlsx(document, {}), "a.xlsx", Ledger())
    (event,), (speaker,) = back.events, back.characters
    assert (back.target_text(event), speaker.name, event.notes) == (text, document.characters[0].name, document.events[0].notes)


@pytest.mark.parametrize(("code", "text"), CASES)
def test_dapt_gives_the_line_back_exactly(code: str, text: str) -> None:
    back = read_dapt(read_xml(write_dapt(scripted(code, text)), "a.ttml"), "a.ttml", Ledger())
    (event,), (speaker,) = back.events, back.characters
    assert (back.target_text(event), speaker.name) == (text, scripted(code, text).characters[0].name)


def test_both_languages_have_a_name_and_their_codes() -> None:
    assert (NAMES["ar"], ISO_639_2["ar"], NAMES["he"], ISO_639_2["he"]) == ("Arabic", "ara", "Hebrew", "heb")
    assert [language_code(one) for one in ("ar-EG", "iw", "he-IL", "Hebrew", "arabic")] == ["ar", "he", "he", "he", "ar"]
