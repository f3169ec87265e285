"""Bytes of a text file to text, by byte-order mark, strict UTF-8, the trace of UTF-16/32, or the likeliest legacy code page.

Enters bytes, leaves `Decoded`. A legacy page is chosen by likelihood: `letters.py` says which letters a language uses in
which page. Add a language there; nothing else changes.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from studio.formats.letters import likeliest_page

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_SURE_SIGNS = ("-->", "Dialogue:", "<tt", "</p>", "WEBVTT", "00:0", "start")
_SAMPLE_BYTES = 400_000
_DECLARATION = re.compile(
    rb"\s*<\?xml[^>]{0,200}encoding=[\"'](iso-8859-(?:[1-9]|1[013456])|windows-125[0-8]|koi8-[ru]|shift_jis|euc-jp|euc-kr|gb2312|gbk|gb18030|big5)[\"']",
    re.IGNORECASE,
)
_BAD_SEQUENCE = re.compile("�+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """`is_guess`: nothing in the file says this encoding. `damaged` counts stretches no reading could decode."""

    text: str
    encoding: str
    is_guess: bool
    damaged: int


def decode(data: bytes) -> Decoded:
    """Read `data` as text; never fails, the caller judges by `damaged` and by what the text looks like."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, is_guess=False)
    wide = wide_without_mark(data)
    if wide is not None:
        return _decoded(data, wide, is_guess=True)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", is_guess=False, damaged=0)
    except UnicodeDecodeError:
        pass
    declared = _declared(data)
    if declared is not None:
        return _decoded(data, declared, is_guess=False)
    if _is_damaged_utf8(data):
        return _decoded(data, "utf-8", is_guess=True)
    return _decoded(data, likeliest_page(data[:_SAMPLE_BYTES]), is_guess=True)


def _decoded(data: bytes, encoding: str, *, is_guess: bool) -> Decoded:
    text = data.decode(_CODECS.get(encoding, encoding), errors="replace")
    return Decoded(text, encoding, is_guess, len(_BAD_SEQUENCE.findall(text)))


_CODECS = {"shift_jis": "cp932", "euc-kr": "cp949", "big5": "cp950"}


def wide_without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 that does not say so: a sign all subtitle files hold, in whole wide characters."""
    sample = data[:_SAMPLE_BYTES]
    if sample.count(0) == 0:
        return None
    for encoding in _WIDE:
        width = 4 if "32" in encoding else 2
        for sign in _SURE_SIGNS:
            at = sample.find(sign.encode(encoding))
            if at >= 0 and at % width == 0:
                return encoding
    return None


def _declared(data: bytes) -> str | None:
    """The single-byte or East Asian encoding an XML declaration names, if the file really is in it."""
    found = _DECLARATION.match(data[:300])
    if found is None:
        return None
    encoding = found[1].decode("ascii").lower()
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return encoding


def _is_damaged_utf8(data: bytes) -> bool:
    """True when nearly all non-ASCII stretches are UTF-8 and a few bytes are not: a damaged file, not another encoding."""
    sample = data[:_SAMPLE_BYTES]
    text = sample.decode("utf-8", errors="replace")
    bad = text.count("�")
    good = sum(character > "\x7f" for character in text) - bad
    return good >= 8 * bad
