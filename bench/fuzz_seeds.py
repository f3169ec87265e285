"""What fuzzing starts from: files as this studio writes them, and hand-made oddities of each format. Nothing is read from disk."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

SUBTITLE_WORDS = (
    b"WEBVTT", b"NOTE", b"STYLE", b"REGION", b" --> ", b"00:00:01,000", b"00:00:01.000", b"99:59:59,999", b"1:2", b"-00:00:01,000", b"[Script Info]",
    b"[V4+ Styles]", b"[Events]", b"Format:", b"Dialogue: ", b"Comment: ", b"{\\an8}", b"{\\", b"\\N", b"<v Ann>", b"<00:00:01.000>", b"</i>", b"&lt;",
    b"&#x0;", b"&#55555;", b"align:start", b"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\r", b"\n\n", b"\xe2\x80\xae",
)  # fmt: skip
XML_WORDS = (
    b"<tt ", b"<p ", b"<div ", b"<span ", b"<br/>", b"begin=\"", b"end=\"", b"dur=\"", b"1h", b"10f", b"5t", b"1.5s", b"00:00:01:12", b"ttp:frameRate=\"", b"ttp:tickRate=\"0\"",
    b"ttp:frameRateMultiplier=\"1000 1001\"", b"xml:lang=\"", b"<metadata>", b"<!DOCTYPE x>", b"<!ENTITY x 'y'>", b"&x;", b"<![CDATA[", b"]]>", b"<?pi ?>", b"xmlns:a=\"b\"",
    b"region=\"r\"", b"daptm:scriptType=\"", b"<c r=\"A1\"", b"t=\"s\"", b"<v>0</v>", b"<f>", b"<is><t>", b"<row r=\"", b"ref=\"A1:XFD1048576\"", b"1e308", b"&#0;",
)  # fmt: skip
TABLE_WORDS = (b"start", b"end", b"in", b"out", b"source", b"translation", b"speaker", b"id", b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r\n", b"00:00:01:00", b"1.5", b"-1", b"=1+1", b"nan", b"inf", b"1e400")
MAGIC = (b"ftypisom", b"moov", b"mdat", b"\x1aE\xdf\xa3", b"RIFF", b"WAVEfmt ", b"OggS", b"fLaC", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", b"\xff\xfb\x90\x00", b"\x47", b"#EXTM3U", b"dref", b"url ", b"trak", b"stts")
_TIMES = ((400, 1300, "Ann", "one two", "eins zwei"), (1700, 2700, "Bob", "three < four & \"five\"", "drei\nvier =1+1"), (3_600_000, 3_601_000, "", "שלום ‏עולם!", "👩‍👩‍👧 e\u0301"))


def _marked(data: str | bytes, number: int) -> bytes:
    """The first byte chooses the name a target gives the file."""
    return bytes([number]) + (data.encode() if isinstance(data, str) else data)


@cache
def _written() -> dict[str, str]:
    from studio.domain.timing import TimeSpan
    from studio.formats.write import ScriptRow, write_script

    rows = [ScriptRow(TimeSpan(start, end), who, source, target, target, f"line{start}") for start, end, who, source, target in _TIMES]
    return {kind: write_script(rows, kind, language="de") for kind in ("srt", "vtt", "ass", "ttml", "csv")}


def _document():  # noqa: ANN202 - a ScriptDocument, which is imported here only
    from studio.formats.scripted import Recording, ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece

    recording = Recording("audio/1.wav", 0, 0, None, 0.5)
    events = tuple(
        ScriptEvent(id=f"e{start}", start_ms=start, end_ms=end, texts=(TextPiece("en", source), TextPiece("de", target)), character_ids=("c1",), notes=("a note",), recordings=(recording,))
        for start, end, _, source, target in _TIMES
    )
    return ScriptDocument(
        kind=ScriptType.TRANSLATED, language="de", from_language="en", characters=(ScriptCharacter("c1", "Ann", None),), events=events, title="Pilot", media="a.mp4",
        fps=Fraction(24000, 1001),
    )  # fmt: skip


def subtitles() -> list[bytes]:
    made = _written()
    odd = (
        "1\n00:00:01,000 --> 00:00:02,000\n<i>tags</i> {\\an8}\n\n2\n0:0:3.5 --> 00:00:04\nsloppy", "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\nNOTE x\n\nSTYLE\n::cue{}\n\na\n00:01.000 --> 00:02.000 align:start\n<v Ann>hi &amp; <c.x>bye</c>",
        "{1}{25}microdvd|second line", "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\nFormat: Name, Fontname\nStyle: D,A\n\n[Events]\nFormat: Start, End, Name, Text\nDialogue: 0:00:01.00,0:00:02.00,Ann,{\\k10}ka{\\k20}ra\\Noke, with comma",
        "\n" * 50 + "00:00:01,000-->00:00:02,000\nx", "a" * 5000,
    )  # fmt: skip
    whole = [*(made[kind] for kind in ("srt", "vtt", "ass")), *odd]
    wide = [made["srt"].encode("utf-16"), made["srt"].encode("utf-16-le"), made["vtt"].encode("utf-8-sig"), "привет".encode("koi8-r") + made["srt"].encode(), b"\xa4\xa4\xa4\xe5" * 40]
    return [_marked(one, number) for number, one in enumerate([*whole, *wide])]


def ttml() -> list[bytes]:
    from studio.formats.dapt_write import write_dapt

    odd = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" ttp:tickRate="1000"><body><div begin="1s"><p begin="10f" dur="5t">a<br/>b<span begin="1s" end="2s">c</span></p></div></body></tt>',
        '<p begin="1s">no root', '<tt><body timeContainer="seq"><div><p dur="1s">x</p><p dur="1s">y</p></div></body></tt>', "<tt>" * 300,
    )  # fmt: skip
    return [_marked(one, number) for number, one in enumerate([_written()["ttml"], write_dapt(_document()), *odd])]


def tables() -> list[bytes]:
    odd = ("start,end,source\n00:00:01.000,00:00:02.000,hello\n", "in;out;translation;speaker\n1,5;2,5;\"a;\"\"b\";Ann\n", "id\tstart\tend\ttext\n1\t0:01\t0:02\tx\n", 'start,end,source\n"' + "x" * 3000)
    return [_marked(one, number) for number, one in enumerate([_written()["csv"], *odd])]


def zipped(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


@cache
def workbook_parts() -> dict[str, bytes]:
    from studio.formats.xlsx_write import write_xlsx

    with zipfile.ZipFile(io.BytesIO(write_xlsx(_document()))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook() -> list[bytes]:
    parts = workbook_parts()
    return [_marked(parts[name], number) for number, name in enumerate(sorted(parts))]


def archives() -> list[bytes]:
    odd = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>", "../../etc/passwd": b"x", "/abs": b"y"})
    return [b"x" + zipped(workbook_parts()), b"x" + odd, b"xPK\x03\x04", b"xPK\x05\x06" + bytes(18)]


def heads() -> list[bytes]:
    return [*(word + bytes(64) for word in MAGIC), *(one[1:] for one in subtitles()), b"\x47" + bytes(187) + b"\x47" + bytes(187) + b"\x47" + bytes(200)]


@cache
def _film(*arguments: str) -> bytes:
    import imageio_ffmpeg

    tool = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=32x32:rate=10:duration=0.5"]
    tone = ["-f", "lavfi", "-i", "sine=duration=0.5:sample_rate=8000", *arguments, "pipe:1"]
    return subprocess.run([*tool, *tone], check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout


def films() -> list[bytes]:
    return [
        _film("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"),
        _film("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-f", "matroska"),
        _film("-c:v", "mpeg4", "-c:a", "mp3", "-f", "avi"),
        _film("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts"),
        _film("-map", "1:a", "-c:a", "flac", "-f", "flac"),
        _film("-map", "1:a", "-f", "wav"),
        _film("-map", "1:a", "-c:a", "libopus", "-f", "ogg"),
    ]


def users() -> list[bytes]:
    return [b"# people\nann:scrypt$16384$8$1$c2FsdHNhbHRzYWx0c2E$" + b"A" * 43 + b"\n\nbob:scrypt$1$1$1$x$y\n", b"", b"ann", b":\n", b"\xef\xbb\xbfann:scrypt$$$$$\n", b"\xff\xfe"]
