"""Untrusted XML to an element tree: no document type, no entities of its own, bounded in depth and size.

Names keep their prefix as written (`tt:p`), so that files which forgot to declare one can still be read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from studio.domain.errors import BadSubtitles

MAX_ELEMENTS = 400_000
MAX_DEPTH = 200
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")


class _Builder:
    def __init__(self, name: str) -> None:
        self._name, self._tree, self._depth, self._count = name, TreeBuilder(), 0, 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise BadSubtitles(self._name, "its XML is nested too deeply or has too many elements for a subtitle file.")
        self._tree.start(tag, dict(attributes))

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(tag)

    def text(self, data: str) -> None:
        self._tree.data(data)

    def refuse(self, *_declared: object) -> None:
        raise BadSubtitles(
            self._name, "its XML declares a document type or entities, which subtitle files do not need and may harm; remove them."
        )

    def root(self) -> Element:
        return self._tree.close()


def read_xml(text: str, name: str) -> Element:
    """Root element. HTML entities and lone ampersands are forgiven. Raises BadSubtitles for anything else that is no XML."""
    text = _BARE.sub("&amp;", _NAMED.sub(_named, _ILLEGAL.sub("", text)))
    builder = _Builder(name)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n").encode("utf-8"), True)
        return builder.root()
    except expat.ExpatError as error:
        raise BadSubtitles(name, f"its XML is broken at line {error.lineno} ({expat.ErrorString(error.code)}); export it again.") from error


def _named(found: re.Match[str]) -> str:
    character = html.unescape(found[0])
    return character if character != found[0] and "&" not in character and "<" not in character else "&amp;" + found[0][1:]


def local(name: str) -> str:
    """A tag or attribute name without its prefix."""
    return name.rpartition(":")[2]


def attribute(element: Element, name: str) -> str | None:
    """The attribute called `name` whatever its prefix; the one without a prefix first."""
    if name in element.attrib:
        return element.attrib[name]
    return next((value for key, value in element.attrib.items() if local(key) == name), None)
