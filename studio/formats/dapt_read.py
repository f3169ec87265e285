"""W3C DAPT to a ScriptDocument: every script event with its times, roles, texts of all languages, descriptions and recordings.

`read_dapt` takes the root that `xml_tree.read_xml` gave and a Ledger, which is told what was left out. What inherits in TTML (language,
source of the language, what is represented, times of the parents) is worked out here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from studio.domain.errors import BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen
from studio.formats.cue import Ledger
from studio.formats.dapt_ids import CHARACTER, LINE, own_id
from studio.formats.dapt_text import described, paragraph_text
from studio.formats.dapt_write import STATUS
from studio.formats.scripted import DIALOGUE, Description, Recording, ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece
from studio.formats.ttml_times import TtmlClock
from studio.formats.xml_tree import attribute, local

MAX_DESCRIPTIONS = 50
NO_TIME = "This event has no beginning and end that can be read, so it was left out."
NO_ID = "This part has times and words but no xml:id; DAPT calls it no script event, it was read as one all the same."
LOOSE = "Words outside any script event were left out."
NO_KIND = "It does not say which kind of script it is, and was read as a transcript."
EMBEDDED = "Sound inside the script itself was left out; only sound in files of its own is kept."
MIXING = "Mixing instructions (animations of level or place) were left out."
BAD_SCREEN = "Its on-screen mark is none that DAPT knows and was left out."
TWICE = "Two events bear the same id; the later one was given another."
_GAIN = re.compile(r"\d{1,6}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class _Place:
    """What an element inherits. `end_ms` None: open."""

    start_ms: int
    end_ms: int | None
    language: str
    from_language: str
    represents: str
    agents: tuple[str, ...]
    is_timed: bool = False


@dataclass(slots=True)
class _Reading:
    """One reading of a document: its clock, its ledger, the events so far and the ids they bear."""

    clock: TtmlClock
    ledger: Ledger
    events: list[ScriptEvent] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


def is_dapt(root: Element) -> bool:
    """Whether a TTML document says that it is DAPT."""
    profiles = f"{attribute(root, 'contentProfiles') or ''} {attribute(root, 'profile') or ''}"
    return "/profile/dapt" in profiles or attribute(root, "scriptType") is not None or attribute(root, "scriptRepresents") is not None


def read_dapt(root: Element, name: str, ledger: Ledger) -> ScriptDocument:
    """The script in document order. Raises BadSubtitles where there is no body; the file is called `name`."""
    body = next((child for child in root if local(child.tag) == "body"), None)
    if local(root.tag) != "tt" or body is None:
        raise BadSubtitles(name, "it is DAPT without a body, so there are no script events in it.")
    language, from_language = attribute(root, "lang") or "", attribute(root, "langSrc") or ""
    reading = _Reading(TtmlClock.of(root), ledger)
    _walk(body, _Place(0, None, language, from_language, attribute(root, "represents") or "", ()), reading)
    head = next((child for child in root if local(child.tag) == "head"), None)
    metadata = [item for part in (head if head is not None else ()) if local(part.tag) == "metadata" for item in part]
    return ScriptDocument(
        kind=_kind(root, ledger),
        language=language,
        from_language=from_language,
        characters=_characters(metadata),
        events=tuple(reading.events),
        title=_first(metadata, "title") or "",
        media=_first(metadata, "sourceMediaIdentifier"),
        fps=_fps(root, reading.clock),
        represents=tuple((attribute(root, "scriptRepresents") or DIALOGUE).split()) or (DIALOGUE,),
    )


def _kind(root: Element, ledger: Ledger) -> ScriptType:
    said = (attribute(root, "scriptType") or "").strip()
    if said in {one.value for one in ScriptType}:
        return ScriptType(said)
    ledger.change("the whole file", NO_KIND)
    return ScriptType.ORIGINAL


def _fps(root: Element, clock: TtmlClock) -> Fraction | None:
    return clock.fps if attribute(root, "frameRate") is not None else None


def _first(metadata: list[Element], tag: str) -> str | None:
    texts = (described(item) for item in metadata if local(item.tag) == tag)
    return next((text for text in texts if text.strip()), None)


def _characters(metadata: list[Element]) -> tuple[ScriptCharacter, ...]:
    """Roles with the names of their actors. An agent without a name goes by its id."""
    agents = {key: item for item in metadata if local(item.tag) == "agent" and (key := item.attrib.get("xml:id")) is not None}
    names = {key: next((text for one in item if local(one.tag) == "name" and (text := described(one)).strip()), key) for key, item in agents.items()}
    played = {key: next((attribute(one, "agent") for one in item if local(one.tag) == "actor"), None) for key, item in agents.items()}
    actors = {key for key in played.values() if key is not None}
    return tuple(
        ScriptCharacter(own_id(CHARACTER, key), names[key], names.get(played[key] or ""))
        for key, item in agents.items()
        if key not in actors and (attribute(item, "type") or "character") != "person"
    )


def _walk(body: Element, start: _Place, reading: _Reading) -> None:
    """Events in document order; the stack holds (element, its parent's place)."""
    stack: list[tuple[Element, _Place]] = [(body, start)]
    while stack:
        element, parent = stack.pop()
        place = _placed(element, parent, reading.clock)
        divs = [child for child in element if local(child.tag) == "div"]
        texts = [child for child in element if local(child.tag) == "p"]
        if local(element.tag) == "div" and not divs and (element.attrib.get("xml:id") is not None or (texts and place.is_timed)):
            _add(element, place, texts, reading)
            continue
        if any(paragraph_text(one).strip() for one in texts):
            reading.ledger.drop(f"the part at {element.attrib.get('xml:id', local(element.tag))}", LOOSE)
        stack += [(child, place) for child in reversed(divs)]


def _placed(element: Element, parent: _Place, clock: TtmlClock) -> _Place:
    begin, end, length = (clock.read_ms(attribute(element, key)) for key in ("begin", "end", "dur"))
    start_ms = parent.start_ms + (begin or 0)
    ends = [parent.start_ms + end] if end is not None else []
    ends += [start_ms + length] if length is not None else []
    language, from_language, represents = (attribute(element, key) for key in ("lang", "langSrc", "represents"))
    return _Place(
        start_ms,
        min(ends) if ends else parent.end_ms,
        parent.language if language is None else language,
        parent.from_language if from_language is None else from_language,
        parent.represents if represents is None else represents,
        tuple((attribute(element, "agent") or "").split()) or parent.agents,
        parent.is_timed or bool(ends),
    )


def _add(element: Element, place: _Place, texts: list[Element], reading: _Reading) -> None:
    where = f"event {element.attrib.get('xml:id', len(reading.events) + 1)}"
    inner = [_placed(one, place, reading.clock) for one in texts]
    ends = [one.end_ms for one in inner if one.end_ms is not None]
    end_ms = place.end_ms if place.end_ms is not None else max(ends, default=None)
    if end_ms is None:
        reading.ledger.drop(where, NO_TIME)
        return
    reading.ledger.expect(len(reading.events) + 1)
    agents = tuple(dict.fromkeys([*place.agents, *(agent for one in inner for agent in one.agents)]))
    event = ScriptEvent(
        id=_fresh_id(element, where, reading),
        start_ms=place.start_ms if place.is_timed else min((one.start_ms for one in inner), default=place.start_ms),
        end_ms=end_ms,
        texts=tuple(TextPiece(at.language, paragraph_text(one), at.from_language) for one, at in zip(texts, inner, strict=True)),
        character_ids=tuple(own_id(CHARACTER, agent) for agent in agents),
        on_screen=_on_screen(element, where, reading.ledger),
        recordings=tuple(_recordings(texts, where, reading)),
        represents=place.represents or DIALOGUE,
    )
    reading.events.append(_with_remarks(event, element))


def _fresh_id(element: Element, where: str, reading: _Reading) -> str:
    key = element.attrib.get("xml:id")
    if key is None:
        reading.ledger.change(where, NO_ID)
        key = f"event-{len(reading.events) + 1}"
    own = own_id(LINE, key)
    if own in reading.ids:
        reading.ledger.change(where, TWICE)
        own = f"{own}.{len(reading.events) + 1}"
    reading.ids.add(own)
    return own


def _on_screen(element: Element, where: str, ledger: Ledger) -> OnScreen | None:
    said = attribute(element, "onScreen")
    if said is None or said.strip() in {one.value for one in OnScreen}:
        return OnScreen(said.strip()) if said is not None else None
    ledger.change(where, BAD_SCREEN)
    return None


def _with_remarks(event: ScriptEvent, element: Element) -> ScriptEvent:
    """Descriptions without a kind are notes; ours of the kind x-status is the status."""
    status, notes, descriptions = None, [], []
    for item in [child for child in element if local(child.tag) == "desc"][:MAX_DESCRIPTIONS]:
        kind, text = attribute(item, "descType") or "", described(item)
        if kind == STATUS and text.strip() in {one.value for one in LineStatus}:
            status = LineStatus(text.strip())
        elif kind:
            descriptions.append(Description(kind, text))
        elif text.strip():
            notes.append(text)
    return replace(event, status=status, notes=tuple(notes), descriptions=tuple(descriptions))


def _recordings(texts: list[Element], where: str, reading: _Reading) -> list[Recording]:
    """Sound in files of its own; what is embedded, and how it is to be mixed, is told as left out."""
    found = []
    for item in (item for text in texts for item in text.iter()):
        if local(item.tag) == "animate":
            reading.ledger.change(where, MIXING)
        elif local(item.tag) == "audio":
            sources = [attribute(item, "src"), *(attribute(one, "src") for one in item if local(one.tag) == "source")]
            source = next((one for one in sources if one and not one.startswith("#")), None)
            if source is None:
                reading.ledger.change(where, EMBEDDED)
            else:
                found.append(_recording(item, source, reading.clock))
    return found


def _recording(item: Element, source: str, clock: TtmlClock) -> Recording:
    begin, clip_begin, clip_end = (clock.read_ms(attribute(item, key)) for key in ("begin", "clipBegin", "clipEnd"))
    gain = _GAIN.fullmatch((attribute(item, "gain") or "").strip())
    return Recording(source, begin or 0, clip_begin or 0, clip_end, float(gain[0]) if gain is not None else 1.0)
