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
from studio.domain.timing import TimeSpan
from studio.formats.table import guarded

_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029\x0b\x0c\x85]+\s*")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One line to write. `text` is the wording for subtitles; the table writes `source` and `target` both."""

    span: TimeSpan
    speaker: str
    source: str
    target: str
    text: str


def write_script(rows: Sequence[ScriptRow], format: str, *, language: str) -> str:
    """`rows` as the text of a "srt", "vtt", "ass", "ttml" or "csv" file. Subtitles leave out rows without text.

    Raises BadSetting for another format.
    """
    if format not in _WRITERS:
        raise BadSetting(f"There is no subtitle format “{format}” to write; there are: {', '.join(_WRITERS)}.")
    return _WRITERS[format](rows, language)


def _printable(text: str) -> str:
    """One line without control characters; a cue with an inner blank line would end there."""
    return _UNPRINTABLE.sub("", _BREAKS.sub(" ", text)).strip()


def _shown(rows: Sequence[ScriptRow]) -> list[tuple[ScriptRow, str]]:
    cleaned = [(row, _printable(row.text)) for row in sorted(rows, key=lambda row: row.span)]
    return [(row, text) for row, text in cleaned if text]


def _time(ms: int, decimal_sign: str) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{decimal_sign}{rest:03d}"


def _srt(rows: Sequence[ScriptRow], language: str) -> str:
    """SubRip has no escape but entities; what would read as a tag, an override or an arrow is kept from doing so."""
    cues = [
        f"{number}\n{_time(row.span.start_ms, ',')} --> {_time(row.span.end_ms, ',')}\n{_unmarked(text)}\n"
        for number, (row, text) in enumerate(_shown(rows), start=1)
    ]
    return "\n".join(cues)


def _unmarked(text: str) -> str:
    """Only what a player would take for markup is escaped; an honest "&" or "3 < 4" stays as typed."""
    text = re.sub(r"&(?=#|[A-Za-z]\w*;)", "&amp;", text)
    text = re.sub(r"<(?=[/A-Za-z\d])", "&lt;", text).replace("-->", "--&gt;")
    return text.replace("{\\", "{\u2060\\")


def _vtt(rows: Sequence[ScriptRow], language: str) -> str:
    cues = []
    for row, text in _shown(rows):
        voice = _printable(row.speaker).replace(">", " ").replace("&", "&amp;").replace("<", "&lt;").strip()
        tag = f"<v {voice}>" if voice else ""
        cues.append(f"{_time(row.span.start_ms, '.')} --> {_time(row.span.end_ms, '.')}\n{tag}{html.escape(text, quote=False)}\n")
    return "\n".join((f"WEBVTT\nLanguage: {language}\n", *cues))


_ASS_HEAD = """[Script Info]
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
    """Centiseconds: the start is rounded down and the end up, so that no line loses a sound."""
    events = [
        f"Dialogue: 0,{_centis(row.span.start_ms // 10)},{_centis(-(-row.span.end_ms // 10))},Default,"
        f"{_printable(row.speaker).replace(',', ' ')},0,0,0,,{_unbraced(text)}\n"
        for row, text in _shown(rows)
    ]
    return _ASS_HEAD.format(language=language) + "".join(events)


def _centis(centiseconds: int) -> str:
    seconds, rest = divmod(centiseconds, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"


def _unbraced(text: str) -> str:
    """ASS knows no escape: an invisible joiner keeps braces and backslashes from being commands."""
    return re.sub(r"\\(?=[Nnh])", "\\\\\u2060", text).replace("{", "{\u2060")


def _ttml(rows: Sequence[ScriptRow], language: str) -> str:
    names = list(dict.fromkeys(_printable(row.speaker) for row, _ in _shown(rows)))
    agents = {name: f"speaker-{number}" for number, name in enumerate((name for name in names if name), start=1)}
    listed = "".join(
        f'      <ttm:agent type="person" xml:id="{key}"><ttm:name type="alias">{escape(name)}</ttm:name></ttm:agent>\n'
        for name, key in agents.items()
    )
    cues = "".join(_ttml_cue(row, text, agents.get(_printable(row.speaker))) for row, text in _shown(rows))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
        f'xmlns:ttm="http://www.w3.org/ns/ttml#metadata" ttp:timeBase="media" xml:lang={quoteattr(language)}>\n'
        f"  <head>\n    <metadata>\n{listed}    </metadata>\n  </head>\n  <body>\n    <div>\n{cues}    </div>\n  </body>\n</tt>\n"
    )


def _ttml_cue(row: ScriptRow, text: str, agent: str | None) -> str:
    who = f' ttm:agent="{agent}"' if agent is not None else ""
    return f'      <p begin="{_time(row.span.start_ms, ".")}" end="{_time(row.span.end_ms, ".")}"{who}>{escape(text)}</p>\n'


def _csv(rows: Sequence[ScriptRow], language: str) -> str:
    """A byte-order mark lets spreadsheets see UTF-8; cells that would run as formulas are guarded by an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("start", "end", "speaker", "source", "target"))
    for row in sorted(rows, key=lambda row: row.span):
        cells = (_time(row.span.start_ms, "."), _time(row.span.end_ms, "."), row.speaker, row.source, row.target)
        writer.writerow([guarded(_printable(cell)) for cell in cells])
    return "\ufeff" + out.getvalue()


_WRITERS: dict[str, Callable[[Sequence[ScriptRow], str], str]] = {"srt": _srt, "vtt": _vtt, "ass": _ass, "ttml": _ttml, "csv": _csv}
