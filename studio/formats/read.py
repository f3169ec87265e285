"""An uploaded subtitle file or script to lines: encoding, format by content, parsing, tidying. Raises only BadSubtitles.

Add a format as one file with `looks_like(text)` and `parse(text, ledger)`, and name it in `_parse`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from studio.domain.errors import BadSubtitles
from studio.domain.project import Script
from studio.domain.settings import Limits
from studio.formats import ssa, subrip, table, ttml, webvtt
from studio.formats.cue import Cue, Ledger
from studio.formats.dapt_read import is_dapt, read_dapt
from studio.formats.drafting import cues_of, with_facts
from studio.formats.encoding import Decoded, decode
from studio.formats.scripted import ScriptDocument
from studio.formats.sniff import refuse_if_not_text
from studio.formats.tidy import TidyRules, tidy, within
from studio.formats.xlsx_read import is_workbook, read_xlsx
from studio.formats.xml_tree import read_xml

__all__ = ["FORMATS", "read_script", "within"]

FORMATS = ("srt", "vtt", "ass", "ssa", "ttml", "dapt", "csv", "xlsx")
KNOWN = "Upload SRT, WebVTT, ASS/SSA, TTML, DAPT, or a table as CSV or XLSX."
_IS_ADVANCED = re.compile(r"v4(?:\.00)?\+", re.IGNORECASE)
_NUL = "NUL characters inside the text were removed."


def read_script(data: bytes, name: str, *, limits: Limits, max_cue_ms: int, fps: Fraction | None = None) -> Script:
    """Lines of the file `data`, called `name` by the person who uploaded it. `fps`: of the programme, for timecode in a table that
    does not state its own.

    Every cue left out or changed has a sentence in `Script.skipped`. Raises BadSubtitles for what is no usable script.
    """
    if not data:
        raise BadSubtitles(name, "the file is empty.")
    if len(data) > limits.max_subtitle_bytes:
        size, most = len(data) // 2**20, limits.max_subtitle_bytes // 2**20
        raise BadSubtitles(name, f"it is {size} MB and at most {most} MB are allowed; it is probably no subtitle file.")
    ledger = Ledger(name, limits.max_lines)
    if is_workbook(data):
        found, encoding = _of_document("xlsx", read_xlsx(data, name, ledger, fps), ledger), None
    else:
        refuse_if_not_text(data, name)
        decoded = decode(data)
        text = _clean(decoded, ledger)
        if not text.strip():
            raise BadSubtitles(name, "there is no text in it.")
        found, encoding = _parse(text, name, ledger, fps), decoded.encoding
    lines = tidy(found.cues, ledger, TidyRules(name, limits.max_text_chars, max_cue_ms))
    return found.about(Script(lines, ledger.skipped(), encoding, found.kind))


@dataclass(frozen=True, slots=True)
class _Found:
    """What a parser found: the format, its cues, and what the file says of itself as a whole."""

    kind: str
    cues: list[Cue]
    about: Callable[[Script], Script] = lambda script: script


def _of_document(kind: str, document: ScriptDocument, ledger: Ledger) -> _Found:
    return _Found(kind, cues_of(document, ledger), lambda script: with_facts(script, document))


def _clean(decoded: Decoded, ledger: Ledger) -> str:
    text = decoded.text.lstrip("\ufeff")
    if decoded.is_guess:
        ledger.change(
            "the whole file",
            f"It does not say its encoding and was read as {decoded.encoding}; if letters look wrong, save it as UTF-8 and upload again.",
        )
    if decoded.damaged:
        ledger.change("the whole file", f"{decoded.damaged} stretches of damaged characters were replaced by �.")
    if "\0" in text:
        ledger.change("the whole file", _NUL)
        text = text.replace("\0", "")
    return text


def _parse(text: str, name: str, ledger: Ledger, fps: Fraction | None) -> _Found:
    """The format by content, then by name; a .vtt without its first line is still one."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ttml.looks_like(text):
        root = read_xml(text, name)
        if is_dapt(root):
            return _of_document("dapt", read_dapt(root, name, ledger), ledger)
        return _Found("ttml", ttml.cues_of_root(root, name, ledger))
    if webvtt.looks_like(text) or (ending == "vtt" and subrip.looks_like(text)):
        return _Found("vtt", webvtt.parse(text, ledger))
    if ssa.looks_like(text):
        kind = "ass" if _IS_ADVANCED.search(text[:20_000]) is not None or ending == "ass" else "ssa"
        return _Found(kind, ssa.parse(text, ledger))
    if subrip.looks_like(text):
        return _Found("srt", subrip.parse(text, ledger))
    if table.looks_like(text):
        return _Found("tsv" if "\t" in text.split("\n", 1)[0] else "csv", table.parse(text, name, ledger, fps))
    raise BadSubtitles(name, f"no times of a known subtitle format are in it. {KNOWN}")
