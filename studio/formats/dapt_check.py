"""A DAPT script against the rules of the profile, as far as they are about structure: what is wrong, in sentences; none is wrong, none is said.

It needs no schema; the W3C schema is what the tests validate against besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from studio.domain.errors import BadSubtitles
from studio.formats.dapt_write import PROFILE
from studio.formats.scripted import OnScreen, ScriptType
from studio.formats.xml_tree import read_xml

_TIME = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d(?:\.\d+)?|\d+(?:\.\d+)?(?:h|m|s|ms|f|t)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_CLOCK = re.compile(r"(\d{2,}):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII)
_KNOWN_KINDS = frozenset({"pronunciationNote", "scene", "plotSignificance"})
_PROHIBITED = ("ttp:clockMode", "ttp:dropMode", "ttp:markerMode", "ttp:subFrameRate", "ttp:profile")


def dapt_faults(text: str) -> tuple[str, ...]:
    """Everything that is wrong with the script, in document order."""
    try:
        root = read_xml(text, "the script")
    except BadSubtitles as error:
        return (str(error),)
    return tuple(_faults(root))


def _faults(root: Element) -> Iterator[str]:
    if root.tag != "tt" or root.attrib.get("xmlns") != "http://www.w3.org/ns/ttml":
        yield "Its root is no tt element of TTML."
        return
    yield from _root_faults(root)
    yield from _id_faults(root)
    roles = [item for item in root.iter() if item.tag == "ttm:agent"]
    agents = {item.attrib.get("xml:id"): item.attrib.get("type") for item in roles}
    for item in roles:
        yield from _agent_faults(item, agents)
    for event in root.iter("div"):
        yield from _event_faults(event, agents)


def _root_faults(root: Element) -> Iterator[str]:
    said = root.attrib
    if PROFILE not in said.get("ttp:contentProfiles", "").split():
        yield "It does not name the DAPT 1.0 content profile."
    if said.get("daptm:scriptType") not in {one.value for one in ScriptType}:
        yield "It does not say which kind of script it is."
    if not said.get("daptm:scriptRepresents", "").split():
        yield "It does not say what it represents."
    if not _LANGUAGE.fullmatch(said.get("xml:lang", "")):
        yield "It has no language."
    if said.get("ttp:timeBase", "media") != "media":
        yield "Its time base is not media."
    yield from (f"It bears {name}, which DAPT prohibits." for name in _PROHIBITED if name in said)


def _id_faults(root: Element) -> Iterator[str]:
    seen: set[str] = set()
    for item in root.iter():
        key = item.attrib.get("xml:id")
        if key is None:
            continue
        if key in seen:
            yield f"The id “{key}” is there twice."
        if not _NAME.fullmatch(key):
            yield f"“{key}” can be no xml:id."
        seen.add(key)


def _agent_faults(item: Element, agents: dict[str | None, str | None]) -> Iterator[str]:
    key, kind = item.attrib.get("xml:id"), item.attrib.get("type")
    names = [child for child in item if child.tag == "ttm:name"]
    if key is None or kind not in ("character", "person"):
        yield "A role has no id, or is neither a character nor a person."
    if [child.attrib.get("type") for child in names] != ["alias" if kind == "character" else "full"]:
        yield f"The role “{key}” has not the one name it must have."
    for child in item:
        if child.tag == "ttm:actor" and agents.get(child.attrib.get("agent")) != "person":
            yield f"The role “{key}” is played by nobody the script names."


def _event_faults(event: Element, agents: dict[str | None, str | None]) -> Iterator[str]:
    key = event.attrib.get("xml:id")
    if key is None:
        yield "A script event has no id."
    times = [event.attrib.get(name, "") for name in ("begin", "end")]
    if not all(_TIME.fullmatch(time) for time in times):
        yield f"The event “{key}” has a time that DAPT does not know: {times[0]} to {times[1]}."
    elif _seconds(times[1]) <= _seconds(times[0]):
        yield f"The event “{key}” ends before it has begun."
    if not event.attrib.get("daptm:represents", ""):
        yield f"The event “{key}” does not say what it represents."
    if event.attrib.get("daptm:onScreen", "ON") not in {one.value for one in OnScreen}:
        yield f"The event “{key}” has an on-screen mark that DAPT does not know."
    yield from (f"The event “{key}” is spoken by nobody the script names." for agent in event.attrib.get("ttm:agent", "").split() if agents.get(agent) != "character")
    for child in event:
        yield from _child_faults(child, key)


def _child_faults(child: Element, key: str | None) -> Iterator[str]:
    if child.tag == "div":
        yield f"The event “{key}” holds another."
    if child.tag == "p" and not _LANGUAGE.fullmatch(child.attrib.get("xml:lang", "")):
        yield f"A text of the event “{key}” has no language."
    kind = child.attrib.get("daptm:descType", "")
    if child.tag == "ttm:desc" and kind and kind not in _KNOWN_KINDS and not kind.startswith("x-"):
        yield f"The event “{key}” has a description of a kind that DAPT does not know: {kind}."
    for audio in child.iter("audio"):
        if not audio.attrib.get("src") or audio.attrib["src"].startswith("#"):
            yield f"A recording of the event “{key}” is no file of its own."


def _seconds(time: str) -> float:
    found = _CLOCK.fullmatch(time)
    if found is None:
        return float(re.match(r"[\d.]+", time)[0])  # type: ignore[index]  # offset times are compared in one unit
    return (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3]) + float(f"0.{found[4] or 0}")
