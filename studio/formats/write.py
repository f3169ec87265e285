"""Lines to subtitles (SRT, WebVTT, ASS, TTML) and to a table of both languages (CSV) that this studio reads back.

Add a format as one function from rows and language to text, and name it in `_WRITERS`.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from studio.domain.errors import BadSetting
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen
from studio.domain.timing import TimeSpan
from studio.formats.dapt_ids import LINE, xml_id
from studio.formats.mark import WRITTEN_HERE
from studio.formats.table import guarded
from studio.formats.table_rows import OURS

_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029\x0b\x0c\x85]+\s*")
_NEWLINE = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_COMMAND = re.compile("\\\\(?=\u2060*[Nnh])")
_WIDE_SPACE = re.compile(r"\t| {2}")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One line to write. `text` is the wording for subtitles; the table writes `source` and `target` both, and all that follows.
    `key` is the line's id."""

    span: TimeSpan
    speaker: str
    source: str
    target: str
    text: str
    key: str = ""
    status: LineStatus | None = None
    notes: tuple[str, ...] = ()
    on_screen: OnScreen | None = None


def write_script(rows: Sequence[ScriptRow], format: str, *, language: str) -> str:
    """`rows` as the text of a "srt", "vtt", "ass", "ttml" or "csv" file. Subtitles leave out rows without text.

    Raises BadSetting for another format.
    """
    if format not in _WRITERS:
        raise BadSetting(f"There is no subtitle format “{format}” to write; there are: {', '.join(_WRITERS)}.")
    return _WRITERS[format](rows, language)


def _printable(text: str) -> str:
    """One line without control characters."""
    return _UNPRINTABLE.sub("", _BREAKS.sub(" ", text)).strip()


def _broken(text: str) -> list[str]:
    """The lines of a text; blank ones go, for a cue with an inner blank line would end there."""
    return [line for raw in _NEWLINE.split(text) if (line := _UNPRINTABLE.sub("", raw).strip())]


def _shown(rows: Sequence[ScriptRow]) -> list[tuple[ScriptRow, list[str]]]:
    """Rows in order of time with the lines of their text, those without text left out."""
    ordered = ((row, _broken(row.text)) for row in sorted(rows, key=lambda row: row.span))
    return [(row, lines) for row, lines in ordered if lines]


def _time(ms: int, decimal_sign: str) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{decimal_sign}{rest:03d}"


def _srt(rows: Sequence[ScriptRow], language: str) -> str:
    """SubRip has no escape but entities; what would read as a tag, an override or an arrow is kept from doing so."""
    cues = [
        f"{number}\n{_time(row.span.start_ms, ',')} --> {_time(row.span.end_ms, ',')}\n{_lines(lines, _unmarked)}\n"
        for number, (row, lines) in enumerate(_shown(rows), start=1)
    ]
    return "\n".join(cues)


def _lines(lines: list[str], escaped: Callable[[str], str]) -> str:
    return "\n".join(map(escaped, lines))


def _unmarked(text: str) -> str:
    """Only what a player would take for markup is escaped; an honest "&" or "3 < 4" stays as typed."""
    text = re.sub(r"&(?=#|[A-Za-z]\w*;)", "&amp;", text)
    text = re.sub(r"<(?=[/A-Za-z\d])", "&lt;", text).replace("-->", "--&gt;")
    return text.replace("{\\", "{\u2060\\")


def _vtt(rows: Sequence[ScriptRow], language: str) -> str:
    cues = []
    for row, lines in _shown(rows):
        voice = html.escape(_printable(row.speaker), quote=False)
        tag = f"<v {voice}>" if voice else ""
        key = f"{row.key}\n" if _PLAIN_KEY.fullmatch(row.key) else ""
        text = _lines(lines, lambda line: html.escape(line, quote=False))
        cues.append(f"{key}{_time(row.span.start_ms, '.')} --> {_time(row.span.end_ms, '.')}\n{tag}{text}\n")
    return "\n".join((f"WEBVTT\nLanguage: {language}\n", f"NOTE {WRITTEN_HERE}\n", *cues))


_ASS_HEAD = """[Script Info]
; {mark}
ScriptType: v4.00+
WrapStyle: 0
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080
Language: {language}

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, \
Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,60,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,80,80,60,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def _ass(rows: Sequence[ScriptRow], language: str) -> str:
    """Centiseconds, to the nearest: lines that met still meet, and none ends before the next one that began with its end."""
    events = []
    for row, lines in _shown(rows):
        start, end = (row.span.start_ms + 5) // 10, (row.span.end_ms + 5) // 10
        name = _printable(row.speaker).replace(",", " ")
        text = "\\N".join(map(_unbraced, lines))
        events.append(f"Dialogue: 0,{_centis(start)},{_centis(max(end, start + 1))},Default,{name},0,0,0,,{text}\n")
    return _ASS_HEAD.format(language=language, mark=WRITTEN_HERE) + "".join(events)


def _centis(centiseconds: int) -> str:
    seconds, rest = divmod(centiseconds, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"


def _unbraced(text: str) -> str:
    """ASS knows no escape: an invisible joiner keeps braces and backslashes from being commands."""
    return _COMMAND.sub("\\\\\u2060", text).replace("{", "{\u2060")


def _ttml(rows: Sequence[ScriptRow], language: str) -> str:
    shown = _shown(rows)
    names = dict.fromkeys(name for row, _ in shown if (name := _printable(row.speaker)))
    agents = {name: f"speaker-{number}" for number, name in enumerate(names, start=1)}
    listed = "".join(
        f'      <ttm:agent type="person" xml:id="{key}"><ttm:name type="alias">{escape(name)}</ttm:name></ttm:agent>\n'
        for name, key in agents.items()
    )
    cues = "".join(_ttml_cue(row, lines, agents.get(_printable(row.speaker))) for row, lines in shown)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
        f'xmlns:ttm="http://www.w3.org/ns/ttml#metadata" ttp:timeBase="media" xml:lang={quoteattr(language)}>\n'
        f"  <head>\n    <metadata>\n      <ttm:desc>{WRITTEN_HERE}</ttm:desc>\n{listed}    </metadata>\n  </head>\n"
        f"  <body>\n    <div>\n{cues}    </div>\n  </body>\n</tt>\n"
    )


def _ttml_cue(row: ScriptRow, lines: list[str], agent: str | None) -> str:
    who = f' ttm:agent="{agent}"' if agent is not None else ""
    key = f' xml:id="{xml_id(LINE, row.key)}"' if row.key else ""
    space = ' xml:space="preserve"' if any(_WIDE_SPACE.search(line) for line in lines) else ""
    text = "<br/>".join(map(escape, lines))
    return f'      <p{key} begin="{_time(row.span.start_ms, ".")}" end="{_time(row.span.end_ms, ".")}"{who}{space}>{text}</p>\n'


def _csv(rows: Sequence[ScriptRow], language: str) -> str:
    """A byte-order mark lets spreadsheets see UTF-8; cells that would run as formulas are guarded by an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(OURS)
    for row in sorted(rows, key=lambda row: row.span):
        told = "\n".join(_printable(note) for note in row.notes)
        standing = (row.status.value if row.status is not None else "", told, row.on_screen.value if row.on_screen is not None else "")
        times = (_time(row.span.start_ms, "."), _time(row.span.end_ms, "."))
        cells = (row.key, *times, _printable(row.speaker), row.source, row.target, *standing)
        writer.writerow([guarded(_UNPRINTABLE.sub("", _NEWLINE.sub("\n", cell))) for cell in cells])
    return "\ufeff" + out.getvalue()


_WRITERS: dict[str, Callable[[Sequence[ScriptRow], str], str]] = {"srt": _srt, "vtt": _vtt, "ass": _ass, "ttml": _ttml, "csv": _csv}
