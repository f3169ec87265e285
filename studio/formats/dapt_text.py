"""The words of a TTML paragraph exactly as they stand: line breaks kept, spaces folded only where XML says so."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from studio.formats.xml_tree import local

_BLANK = re.compile(r"[ \t\r\n]+")
_BLANK_RUN = re.compile(r" {2,}")
_AROUND_BREAK = re.compile(r" *\n *")
_SILENT = frozenset({"metadata", "desc", "title", "copyright", "animate", "set", "audio", "source", "data", "image", "resources", "agent", "name", "item"})


def paragraph_text(paragraph: Element) -> str:
    """Words of a `p` and of its spans; other elements say nothing."""
    is_kept = paragraph.attrib.get("xml:space") == "preserve"
    parts: list[str] = []
    stack: list[Element | str] = [paragraph]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item if is_kept else _BLANK.sub(" ", item))
        elif local(item.tag) == "br":
            parts.append("\n")
        elif local(item.tag) not in _SILENT:
            for child in reversed(item):
                stack += [child.tail or "", child]
            stack.append(item.text or "")
    text = "".join(parts)
    return text if is_kept else _AROUND_BREAK.sub("\n", _BLANK_RUN.sub(" ", text)).strip(" ")


def described(element: Element) -> str:
    """The words of a description or a name."""
    text = "".join(element.itertext())
    return text if element.attrib.get("xml:space") == "preserve" else _BLANK.sub(" ", text).strip()
