"""Cue text to spoken text: tags, overrides, entities, music signs and sound descriptions are taken out, and said so.

Enters: the text of one cue. Leaves: `Spoken`, with the speaker a voice tag or a capital label names, and what was removed.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|lang|ruby|rt|p|div|sub|sup|tt|small|big|center|00)(?:[.\s][^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s{0,5}/?>", re.IGNORECASE)
_OPEN_TAG = re.compile(r"<(?:i|b|u|s|font|c|v)(?:[.\s][^<>\n]{0,200})?$", re.IGNORECASE)
_TIMESTAMP = re.compile(r"<\d{1,3}:[\d:.,]{1,20}>", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^\s<>]{1,60})?[ \t]+([^<>\n]{1,200})>", re.IGNORECASE)
_VOICE_TAG = re.compile(r"</?v(?:[.\s][^<>\n]{0,300})?>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\s{0,3}\\[^{}]{0,2000}\}|\{\\[^{}]{0,40}$")
_DRAWING = re.compile(r"\{[^{}]{0,2000}\\p[1-9]\d{0,2}[^{}]{0,2000}\}[^{}]{0,100000}(?:\{[^{}]{0,2000}\\p0[^{}]{0,2000}\}|$)")
_MUSIC = re.compile(r"[♩♪♫♬🎵🎶🎼]+")
_DASH = re.compile(r"[-‐‑–—]\s{0,3}\S")
_INNER_DASH = re.compile(r"[.!?…♪♫。！？]\s+[-–—]\s{0,2}[^\W\d_]")
_SOUND = re.compile(r"(?:\[[^\[\]]{1,300}\]|\([^()]{1,300}\)|【[^【】]{1,300}】|（[^（）]{1,300}）|\*[^*]{1,100}\*)")
_LEADING_SOUND = re.compile(r"(?:[-‐–—]\s{0,3})?(\[[^\[\]\n]{1,60}\]|【[^【】\n]{1,60}】)\s{0,5}:?\s*")
_LABEL = re.compile(r"([^\W\d_][^:：\n]{0,30}?)\s{0,2}[:：](?=\s|$)")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
_INVISIBLE = re.compile("[\u200b\u202a-\u202e\u2060\ufeff\ufffc]")
_DIRECTION = "\u061c\u200e\u200f"  # marks that order mixed text; kept inside a line, where they do their work
_ISOLATES = "\u2066\u2067\u2068\u2069"
_EDGE = " \n\x1c\x1d\x1e\x1f\x85\u2028\u2029" + _DIRECTION
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

TAGS_REMOVED = "Formatting tags, colours and positions were left out; only the words were kept."
SOUND_ONLY = "It only describes a sound or music; nobody speaks, so it was left out. Add a line by hand if someone does."
DRAWING_ONLY = "It is a drawing, not text, so it was left out."


@dataclass(frozen=True, slots=True)
class Spoken:
    """`text` on one line, ready to be voiced; `lines` as broken in the file; `emptied` says why nothing is left."""

    text: str
    lines: tuple[str, ...]
    speaker: str | None
    notes: tuple[str, ...]
    was_marked_up: bool
    emptied: str | None = None


def spoken(text: str, *, has_tags: bool = True) -> Spoken:
    """Clean the text of one cue. `has_tags`: `<i>` and the like are markup and &amp; stands for a character.

    >>> spoken("<v Ann><i>Hello</i> {\\\\an8}there").text
    'Hello there'
    """
    bare = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    voices = list(dict.fromkeys(html.unescape(name).strip() for name in _VOICE.findall(bare))) if has_tags else []
    unvoiced = _VOICE_TAG.sub("", bare) if has_tags and "<" in bare else bare
    is_drawing = "\\p" in bare and _DRAWING.search(bare) is not None
    bare = _without_tags(unvoiced, is_drawing, has_tags)
    was_marked_up = bare != unvoiced
    lines = _lines(html.unescape(bare) if has_tags and "&" in bare else bare)
    notes, lines, emptied = _notes(lines)
    if is_drawing and not lines:
        emptied = DRAWING_ONLY
    if len(voices) > 1:
        notes.append(f"{len(voices)} people speak in this cue ({', '.join(voices)[:200]}); split the line to give each a voice.")
    speaker = voices[0] if voices and voices[0] else None
    return Spoken(join_lines(lines), tuple(lines), speaker, tuple(notes), was_marked_up, emptied)


def verbatim(text: str) -> Spoken:
    """The text of a table cell: on one line, otherwise as it stands."""
    lines = tuple(_lines(_CONTROL.sub("", text)))
    return Spoken(join_lines(list(lines)), lines, None, (), False)


def as_typed(text: str, *, has_tags: bool = True) -> Spoken:
    """The text of a cue that was written here: nothing is judged, only markup is read. Edges of its lines and blank lines go."""
    bare = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    voices = [html.unescape(name).strip() for name in _VOICE.findall(bare)] if has_tags else []
    if has_tags:
        bare = html.unescape(_TAG.sub("", _BREAK.sub("\n", bare)))
    lines = [line for raw in bare.split("\n") if (line := raw.strip())]
    return Spoken("\n".join(lines), (), voices[0] if voices and voices[0] else None, (), False)


def _without_tags(text: str, is_drawing: bool, has_tags: bool) -> str:
    bare = _DRAWING.sub("", text) if is_drawing else text
    if "{" in bare:
        bare = _OVERRIDE.sub("", bare)
    if has_tags and "<" in bare:
        bare = _BREAK.sub("\n", bare)
        bare = _TIMESTAMP.sub("", bare)
        bare = _OPEN_TAG.sub("", _TAG.sub("", bare))
    return bare


def _lines(text: str) -> list[str]:
    text = _INVISIBLE.sub("", text)
    cleaned = (_SPACES.sub(" ", raw).strip(_EDGE) for raw in text.split("\n"))
    return [line for line in cleaned if line.strip(_EDGE + _ISOLATES)]


def _notes(lines: list[str]) -> tuple[list[str], list[str], str | None]:
    """Music signs and sound descriptions out of `lines`, with a note for each kind; the third part says why none is left."""
    notes: list[str] = []
    if not lines:
        return notes, lines, None
    whole = " ".join(lines)
    if any(_DASH.match(line) for line in lines[1:]) or _INNER_DASH.search(whole):
        notes.append("Two people may be speaking in this cue; split the line to give each a voice.")
    if _MUSIC.search(whole):
        notes.append("Marked as music or song (♪) in the file.")
        lines = [line for line in (_SPACES.sub(" ", _MUSIC.sub(" ", raw)).strip(" #") for raw in lines) if line]
    spoken_words = _SOUND.sub(" ", " ".join(lines)).strip(" -–—.…,♪#")
    if not spoken_words and (_MUSIC.search(whole) or _SOUND.search(whole)):
        return notes, [], SOUND_ONLY
    leading = _LEADING_SOUND.match(lines[0])
    if leading is not None:
        notes.append(f"Not spoken, so left out of the text: {leading[1]}")
        lines = [line for line in (lines[0][leading.end() :], *lines[1:]) if line]
    return notes, lines, None


def label_of(lines: tuple[str, ...]) -> str | None:
    """The name in "NAME: words" when written in capitals, as subtitles for the hard of hearing do.

    >>> label_of(("MAN:", "How did we end up here?"))
    'MAN'
    """
    found = _LABEL.match(lines[0].lstrip("-–— ")) if lines else None
    if found is None or not found[1].isupper() or sum(map(str.isalpha, found[1])) < 2:
        return None
    return found[1].strip() if len(lines) > 1 or lines[0].rstrip(" :：")[len(found[1]) :].strip() else None


def without_label(lines: tuple[str, ...], label: str) -> str:
    """The spoken text once `label` and its colon are gone."""
    first = lines[0].lstrip("-–— ")[len(label) :].lstrip(" :：")
    return join_lines([line for line in (first, *lines[1:]) if line])


def join_lines(lines: list[str]) -> str:
    """Lines of a cue as one; two lines of Chinese, Japanese or Thai script still get a space, which voices as a short pause."""
    return " ".join(lines)
