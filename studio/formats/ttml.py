"""TTML (.ttml, .dfxp, .xml): IMSC and EBU-TT subtitles, and Apple's nested absolute times; DAPT has a reader of its own.

Each paragraph is a cue; its time counts from its parents as the standard says, unless only absolute times make sense.
In a DAPT script an event's paragraph in the original language is the source, the one in another language the target.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from studio.domain.errors import BadSubtitles
from studio.formats.cue import Cue, Ledger
from studio.formats.drafting import SEEN
from studio.formats.dapt_ids import LINE, own_id
from studio.formats.mark import WRITTEN_HERE
from studio.formats.markup import Spoken, as_typed, spoken
from studio.formats.ttml_times import TtmlClock
from studio.formats.xml_tree import attribute, local, read_xml

_SILENT = frozenset(
    {"metadata", "desc", "title", "copyright", "animate", "set", "audio", "source", "data", "image", "resources", "agent", "name"}
)
_FURIGANA = frozenset({"text", "textContainer", "delimiter"})
_XML = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>|<!--.{0,4000}?-->|<!DOCTYPE[^>]{0,4000}>|\s)*<(?:[\w.-]{1,40}:)?tt[\s>]", re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]+")
SLACK_MS = 50
ABSOLUTE = "Times of nested parts only make sense when counted from the start of the programme, and were read so."
NO_TIME = "It has no time that can be read, so it was left out."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element stands: its time, who speaks, in what language, translated from what. `end_ms` None is open."""

    start_ms: int = 0
    end_ms: int | None = None
    is_timed: bool = False
    agent: str | None = None
    language: str = ""
    from_language: str = ""
    represents: str = ""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph with its resolved place; `event` groups the paragraphs of one parent; `text` None is an empty event."""

    place: _Place
    event: int
    text: str | None
    spans: tuple[int, int] | None
    key: str | None = None


@dataclass(slots=True)
class _Reading:
    """One walk over the document under one idea of nested times. `clashes` counts times outside their parents."""

    clock: TtmlClock
    is_absolute: bool
    paragraphs: list[_Paragraph]
    clashes: int = 0

    def add(self, paragraph: _Paragraph, ledger: Ledger) -> None:
        self.paragraphs.append(paragraph)
        ledger.expect(len(self.paragraphs))


def looks_like(text: str) -> bool:
    return _XML.match(text[:20_000]) is not None


def parse(text: str, name: str, ledger: Ledger) -> list[Cue]:
    """Cues of a TTML document. Raises BadSubtitles for broken or dangerous XML."""
    return cues_of_root(read_xml(text, name), name, ledger)


def cues_of_root(root: Element, name: str, ledger: Ledger) -> list[Cue]:
    """Cues of a document that is read already."""
    body = next((child for child in root if local(child.tag) == "body"), None)
    if local(root.tag) != "tt" or body is None:
        raise BadSubtitles(name, "it is XML but no TTML with a body; export it as TTML, SRT or WebVTT.")
    clock = TtmlClock.of(root)
    start = _Place(language=attribute(root, "lang") or "", from_language=attribute(root, "langSrc") or "")
    reading = _walk(body, start, _Reading(clock, False, []), ledger)
    if reading.clashes:
        absolute = _walk(body, start, _Reading(clock, True, []), ledger)
        if absolute.clashes < reading.clashes:
            reading = absolute
            ledger.change("the whole file", ABSOLUTE)
    is_exact = any(WRITTEN_HERE in (element.text or "") for element in root.iter() if local(element.tag) == "desc")
    return _cues(reading.paragraphs, _agents(root), ledger, as_typed if is_exact else spoken)


def _agents(root: Element) -> dict[str, str]:
    """Display name of each ttm:agent by its id."""
    names: dict[str, str] = {}
    for element in root.iter():
        key = attribute(element, "id") if local(element.tag) == "agent" else None
        if key is not None:
            texts = ["".join(child.itertext()).strip() for child in element if local(child.tag) == "name"]
            names[key] = next((text for text in texts if text), key)
    return names


def _walk(body: Element, start: _Place, reading: _Reading, ledger: Ledger) -> _Reading:
    """Fill `reading` with paragraphs in document order. The stack holds (element, its parent's place, event number)."""
    stack: list[tuple[Element, _Place, int]] = [(body, start, 0)]
    events = 0
    while stack:
        element, parent, event = stack.pop()
        place = _placed(element, parent, reading)
        if local(element.tag) == "p":
            reading.add(_Paragraph(place, event, _text(element), _span_times(element, place, reading), element.attrib.get("xml:id")), ledger)
            continue
        events += 1
        inner = [child for child in element if local(child.tag) in ("div", "p")]
        if not inner and local(element.tag) == "div" and place.is_timed and place.end_ms is not None:
            reading.add(_Paragraph(place, events, None, None), ledger)
        parents = _sequence(inner, place, reading) if attribute(element, "timeContainer") == "seq" else [place] * len(inner)
        stack += [(child, parent_place, events) for child, parent_place in reversed(list(zip(inner, parents, strict=True)))]
    return reading


def _placed(element: Element, parent: _Place, reading: _Reading) -> _Place:
    begin, end, length = (reading.clock.read_ms(attribute(element, key)) for key in ("begin", "end", "dur"))
    origin_ms = 0 if reading.is_absolute else parent.start_ms
    start_ms = parent.start_ms if begin is None else origin_ms + begin
    ends = [] if end is None else [origin_ms + end]
    ends += [] if length is None else [start_ms + length]
    end_ms = min(ends) if ends else parent.end_ms
    is_own = begin is not None or end is not None or length is not None
    if is_own and parent.end_ms is not None and (start_ms >= parent.end_ms or (end_ms or 0) > parent.end_ms + SLACK_MS):
        reading.clashes += 1
    if is_own and start_ms < parent.start_ms:
        reading.clashes += 1
    return _Place(
        start_ms,
        end_ms,
        parent.is_timed or (is_own and local(element.tag) != "body"),
        attribute(element, "agent") or parent.agent,
        attribute(element, "lang") or parent.language,
        attribute(element, "langSrc") or parent.from_language,
        attribute(element, "represents") or parent.represents,
    )


def _sequence(inner: list[Element], place: _Place, reading: _Reading) -> list[_Place]:
    """Places for children that follow one another: each counts from the end of the one before."""
    places, now = [], place
    for child in inner:
        places.append(now)
        end_ms = _placed(child, now, _Reading(reading.clock, reading.is_absolute, [])).end_ms
        now = now if end_ms is None else replace(now, start_ms=end_ms)
    return places


def _span_times(paragraph: Element, place: _Place, reading: _Reading) -> tuple[int, int] | None:
    """First start and last end of timed spans, for a paragraph that has no time of its own."""
    if place.is_timed:
        return None
    quiet = _Reading(reading.clock, reading.is_absolute, [])
    timed = [_placed(span, place, quiet) for span in paragraph.iter() if local(span.tag) == "span" and attribute(span, "begin") is not None]
    ends = [span.end_ms for span in timed if span.end_ms is not None]
    return (min(span.start_ms for span in timed), max(ends)) if timed and ends else None


def _text(paragraph: Element) -> str:
    """Words of a paragraph, `<br/>` as line break, white space collapsed unless xml:space keeps it."""
    parts: list[str] = []
    is_kept = paragraph.attrib.get("xml:space") == "preserve"
    stack: list[Element | str] = [paragraph]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item if is_kept else _BLANK.sub(" ", item))
            continue
        tag = local(item.tag)
        if tag == "br":
            parts.append("\n")
        if tag in _SILENT or tag == "br" or item.attrib.get("tts:ruby") in _FURIGANA:
            continue
        for child in reversed(item):
            stack += [child.tail or "", child]
        stack.append(item.text or "")
    return "".join(parts)


def _cues(paragraphs: list[_Paragraph], agents: dict[str, str], ledger: Ledger, clean: Callable[..., Spoken]) -> list[Cue]:
    """A cue for each paragraph; source and translation of one event become one cue."""
    cues: list[Cue] = []
    sources: dict[tuple[int, int, int | None], int] = {}
    for number, paragraph in enumerate(paragraphs, start=1):
        place = paragraph.place
        key = (paragraph.event, place.start_ms, place.end_ms)
        if _is_translation(place) and key in sources and not cues[sources[key]].target_text:
            cues[sources[key]] = replace(cues[sources[key]], target_text=clean(paragraph.text or "", has_tags=False).text)
            continue
        cue = _cue(f"cue {number}", paragraph, agents, clean)
        if cue is None:
            ledger.drop(f"cue {number}", NO_TIME)
            continue
        cues.append(cue)
        if not _is_translation(place):
            sources[key] = len(cues) - 1
    return cues


def _is_translation(place: _Place) -> bool:
    return bool(place.from_language) and place.from_language != "zxx" and place.from_language.lower() != place.language.lower()


def _cue(where: str, paragraph: _Paragraph, agents: dict[str, str], clean: Callable[..., Spoken]) -> Cue | None:
    place = paragraph.place
    start_ms, end_ms = paragraph.spans if paragraph.spans is not None else (place.start_ms, place.end_ms)
    if end_ms is None or (not place.is_timed and paragraph.spans is None):
        return None
    cue = Cue.of(where, start_ms, end_ms, clean(paragraph.text or "", has_tags=False))
    notes = (*cue.notes, SEEN) if place.represents.startswith("visual") and "audio" not in place.represents else cue.notes
    named = [agents.get(key, key) for key in (place.agent or "").split()]
    key = own_id(LINE, paragraph.key) if paragraph.key is not None and clean is as_typed else None
    return replace(cue, speaker=named[0] if named else None, notes=notes, is_kept_empty=paragraph.text is None, key=key)
