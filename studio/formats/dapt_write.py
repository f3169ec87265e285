"""A ScriptDocument as W3C DAPT (a profile of TTML2): valid against the schema as it stands, times exact to the millisecond.

Status goes out as a description of the type `x-status`, notes as descriptions without a type; nothing needs a namespace of ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from studio.formats.dapt_ids import ACTOR, CHARACTER, LINE, xml_id
from studio.formats.scripted import Recording, ScriptCharacter, ScriptDocument, ScriptEvent, TextPiece

PROFILE = "http://www.w3.org/ns/ttml/profile/dapt1.0/content"
STATUS = "x-status"
_HEAD = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" '
    'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tta="http://www.w3.org/ns/ttml#audio" '
    'xmlns:daptm="http://www.w3.org/ns/ttml/profile/dapt#metadata" xmlns:ebuttm="urn:ebu:tt:metadata"'
)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NEWLINE = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_MUST_KEEP_SPACE = re.compile(r"^[ \t]|[ \t]$|[ \t]{2}|\t")
_DESCRIPTOR = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)*")


def write_dapt(document: ScriptDocument) -> str:
    """The document as UTF-8 XML text. Characters that XML cannot hold are left out; nothing else is."""
    actors = list(dict.fromkeys(one.actor for one in document.characters if one.actor))
    known = frozenset(one.id for one in document.characters)
    events = "".join(_event(event, known) for event in document.events)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{_HEAD}{_root(document)}>\n  <head>\n    <metadata>\n'
        f"{_about(document)}{_cast(document.characters, actors)}    </metadata>\n  </head>\n  <body>\n{events}  </body>\n</tt>\n"
    )


def _root(document: ScriptDocument) -> str:
    represents = [one for one in document.represents if _DESCRIPTOR.fullmatch(one)]
    attributes = {
        "ttp:contentProfiles": PROFILE,
        "ttp:timeBase": "media",
        **_frame_rate(document.fps),
        "xml:lang": _language(document.language),
        "daptm:langSrc": _from_language(document.from_language),
        "daptm:scriptRepresents": " ".join(represents) or "audio.dialogue",
        "daptm:scriptType": document.kind.value,
    }
    return "".join(f"\n    {name}={_quoted(value)}" for name, value in attributes.items())


def _frame_rate(fps: Fraction | None) -> dict[str, str]:
    """Whole frames and a multiplier, as TTML parts them: 30000/1001 is 30 times 1000/1001."""
    if fps is None or fps <= 0:
        return {}
    nominal = max(1, int(fps + Fraction(1, 2)))
    factor = fps / nominal
    rate = {"ttp:frameRate": str(nominal)}
    return rate if factor == 1 else rate | {"ttp:frameRateMultiplier": f"{factor.numerator} {factor.denominator}"}


def _about(document: ScriptDocument) -> str:
    title = f"      <ttm:title>{_clean(document.title)}</ttm:title>\n" if document.title.strip() else ""
    media = document.media or ""
    return title + (f"      <ebuttm:sourceMediaIdentifier>{_clean(media)}</ebuttm:sourceMediaIdentifier>\n" if media.strip() else "")


def _cast(characters: Sequence[ScriptCharacter], actors: Sequence[str]) -> str:
    """Actors first: a character refers to its actor."""
    keys = {name: f"{ACTOR}{number}" for number, name in enumerate(actors, start=1)}
    people = [
        f'      <ttm:agent type="person" xml:id="{key}"><ttm:name type="full">{_clean(name)}</ttm:name></ttm:agent>\n' for name, key in keys.items()
    ]
    roles = [
        f'      <ttm:agent type="character" xml:id="{xml_id(CHARACTER, one.id)}"><ttm:name type="alias">{_clean(one.name)}</ttm:name>'
        + (f'<ttm:actor agent="{keys[one.actor]}"/>' if one.actor else "")
        + "</ttm:agent>\n"
        for one in characters
    ]
    return "".join(people + roles)


def _event(event: ScriptEvent, known: frozenset[str]) -> str:
    """An event with its texts. Recordings belong to the last text, which is the translation where there is one."""
    agents = " ".join(xml_id(CHARACTER, one) for one in event.character_ids if one in known)
    represents = event.represents if _DESCRIPTOR.fullmatch(event.represents) else "audio.dialogue"
    attributes = (
        f'xml:id="{xml_id(LINE, event.id)}" begin="{_time(event.start_ms)}" end="{_time(event.end_ms)}" daptm:represents="{represents}"'
        + (f' ttm:agent="{agents}"' if agents else "")
        + (f' daptm:onScreen="{event.on_screen.value}"' if event.on_screen is not None else "")
    )
    remarks = [(one.kind, one.text) for one in event.descriptions] + [("", note) for note in event.notes]
    remarks += [(STATUS, event.status.value)] if event.status is not None else []
    described = "".join(_description(kind, text) for kind, text in remarks)
    last = len(event.texts) - 1
    texts = "".join(_text(piece, event.recordings if at == last else ()) for at, piece in enumerate(event.texts))
    return f"    <div {attributes}>\n{described}{texts}    </div>\n"


def _description(kind: str, text: str) -> str:
    typed = f" daptm:descType={_quoted(kind)}" if kind else ""
    return f"      <ttm:desc{typed}{_space(text)}>{_clean(text)}</ttm:desc>\n" if text.strip() else ""


def _text(piece: TextPiece, recordings: Sequence[Recording]) -> str:
    words = "<br/>".join(_clean(line) for line in _NEWLINE.split(piece.text))
    heard = "".join(_audio(one) for one in recordings)
    return (
        f'      <p xml:lang="{_language(piece.language)}" daptm:langSrc="{_from_language(piece.from_language)}"{_space(piece.text)}>'
        f"<span>{heard}{words}</span></p>\n"
    )


def _audio(one: Recording) -> str:
    clip = f' clipBegin="{_time(one.clip_start_ms)}"' if one.clip_start_ms else ""
    clip += f' clipEnd="{_time(one.clip_end_ms)}"' if one.clip_end_ms is not None else ""
    begin = f' begin="{_time(one.offset_ms)}"' if one.offset_ms else ""
    gain = f' tta:gain="{one.gain_ratio:.6g}"' if one.gain_ratio != 1.0 else ""
    return f"<audio src={_quoted(one.source)} type=\"audio/wave\"{begin}{clip}{gain}/>"


def _space(text: str) -> str:
    """XML folds spaces unless asked not to; most lines need no asking."""
    return ' xml:space="preserve"' if any(_MUST_KEEP_SPACE.search(line) for line in _NEWLINE.split(text)) else ""


def _time(ms: int) -> str:
    """The clock time of DAPT: hh:mm:ss.sss, never frames.

    >>> _time(3_723_004)
    '01:02:03.004'
    """
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _language(code: str) -> str:
    return code if _LANGUAGE.fullmatch(code) else "und"


def _from_language(code: str) -> str:
    return code if _LANGUAGE.fullmatch(code) else ""


def _clean(text: str) -> str:
    """A carriage return would be read as a line feed, so it goes out by its number."""
    return escape(_ILLEGAL.sub("", text), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    return quoteattr(_ILLEGAL.sub("", value))
