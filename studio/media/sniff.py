"""What a file is by its first bytes: the demuxer allowed to open it, or the sentence that refuses it.

Names are never trusted. Add a container by adding its signature here and its demuxer to `ffmpeg.DEMUXERS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """`container` as shown to people; `demuxer` None where the content alone does not decide; `suffixes` a name may have."""

    container: str
    demuxer: str | None
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is no media, as the second half of a sentence."""

    reason: str


MP4 = Kind("mp4", "mov", (".mp4", ".m4v", ".m4a", ".3gp", ".3g2", ".mov", ".m4b", ".f4v", ".qt"))
MOV = Kind("mov", "mov", (".mov", ".qt", ".mp4", ".m4v"))
MATROSKA = Kind("matroska", "matroska", (".mkv", ".mka", ".mk3d", ".webm"))
WEBM = Kind("webm", "matroska", (".webm", ".weba", ".mkv"))
AVI = Kind("avi", "avi", (".avi", ".divx"))
MPEG = Kind("mpeg", "mpeg", (".mpg", ".mpeg", ".vob", ".mp2", ".m2p"))
MPEG_VIDEO = Kind("mpegvideo", "mpegvideo", (".mpg", ".mpeg", ".m1v", ".m2v"))
MPEG_TS = Kind("mpegts", "mpegts", (".ts", ".m2ts", ".mts", ".mpg", ".m2t"))
WAV = Kind("wav", "wav", (".wav", ".wave", ".bwf", ".rf64"))
MP3 = Kind("mp3", "mp3", (".mp3", ".mp2", ".mpga"))
UNKNOWN = Kind("unknown", None)

_SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\x1aE\xdf\xa3", MATROSKA),
    (0, b"\x00\x00\x01\xba", MPEG),
    (0, b"\x00\x00\x01\xb3", MPEG_VIDEO),
    (0, b"riff\x2e\x91\xcf\x11", Kind("w64", "w64", (".w64",))),
    (0, b"fLaC", Kind("flac", "flac", (".flac",))),
    (0, b"OggS", Kind("ogg", "ogg", (".ogg", ".oga", ".ogv", ".opus", ".spx"))),
    (0, b"\x0b\x77", Kind("ac3", "ac3", (".ac3", ".eac3", ".ec3"))),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind("asf", "asf", (".asf", ".wmv", ".wma"))),
    (0, b"FLV\x01", Kind("flv", "flv", (".flv",))),
    (0, b"caff", Kind("caf", "caf", (".caf",))),
    (0, b".snd", Kind("au", "au", (".au", ".snd"))),
    (0, b"#!AMR", Kind("amr", "amr", (".amr", ".3ga"))),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", Kind("mxf", "mxf", (".mxf",))),
    (0, b"\x1f\x07\x00", Kind("dv", "dv", (".dv", ".dif"))),
)
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"styp", b"sidx")
_IMAGE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"heif")
_NO_MEDIA: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "it is a picture (PNG)."),
    (b"\xff\xd8\xff", "it is a picture (JPEG)."),
    (b"GIF8", "it is a picture (GIF)."),
    (b"BM", "it is a picture (BMP)."),
    (b"II*\x00", "it is a picture (TIFF)."),
    (b"MM\x00*", "it is a picture (TIFF)."),
    (b"%PDF", "it is a PDF document."),
    (b"PK\x03\x04", "it is a ZIP archive; unpack it and upload the film inside."),
    (b"Rar!", "it is a RAR archive; unpack it and upload the film inside."),
    (b"7z\xbc\xaf", "it is a 7-Zip archive; unpack it and upload the film inside."),
    (b"\x1f\x8b", "it is a gzip archive; unpack it and upload the film inside."),
    (b"\x7fELF", "it is a program."),
    (b"MZ", "it is a program."),
    (b"SQLite format 3", "it is a database."),
)
_PLAYLIST = "it is a playlist that points to other files; upload the film itself."
_SUBTITLES = "it is a subtitle file; add it as lines, beside a film or sound file."
_TEXTS: tuple[tuple[str, str], ...] = (
    ("#extm3u", _PLAYLIST), ("#ext-x-", _PLAYLIST), ("ffconcat", _PLAYLIST), ("[playlist]", _PLAYLIST), ("[reference]", _PLAYLIST),
    ("<smil", _PLAYLIST), ("<asx", _PLAYLIST), ("<mpd", _PLAYLIST), ("file '", _PLAYLIST), ("rtsptext", _PLAYLIST), ("v=0", _PLAYLIST),
    ("webvtt", _SUBTITLES), ("[script info]", _SUBTITLES), ("#!", "it is a script."), ("<?php", "it is a script."),
)  # fmt: skip


def sniff(path: Path) -> Kind | Refusal:
    """Judge a file by its first bytes. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head.startswith(b"ID3") and len(head) > 10:
            file.seek(_id3_length(head))
            return _after_tag(file.read(4))
    return judge(head)


def judge(head: bytes) -> Kind | Refusal:
    """The same for bytes already read. An unknown binary is `UNKNOWN`: the demuxers on the list may still try."""
    if not head:
        return Refusal("it is empty (0 bytes).")
    for start, reason in _NO_MEDIA:
        if head.startswith(start):
            return Refusal(reason)
    for offset, magic, kind in _SIGNATURES:
        if head[offset:].startswith(magic):
            return _webm_or_matroska(head) if kind is MATROSKA else kind
    special = _iso_box(head) or _riff(head) or _transport_stream(head) or _frame_sync(head)
    if special is not None:
        return special
    return _text(head) or UNKNOWN


def _webm_or_matroska(head: bytes) -> Kind:
    return WEBM if b"webm" in head[:128] else MATROSKA


def _iso_box(head: bytes) -> Kind | Refusal | None:
    if head[4:8] not in _MP4_BOXES:
        return None
    if head[4:8] == b"ftyp" and head[8:12] in _IMAGE_BRANDS:
        return Refusal("it is a picture (HEIF or AVIF).")
    return MOV if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else MP4


def _riff(head: bytes) -> Kind | Refusal | None:
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        if head[8:12] == b"WEBP":
            return Refusal("it is a picture (WebP).")
        return {b"AVI ": AVI, b"AVIX": AVI, b"WAVE": WAV}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Kind("aiff", "aiff", (".aif", ".aiff", ".aifc"))
    return None


def _transport_stream(head: bytes) -> Kind | None:
    for packet_bytes, first in ((188, 0), (192, 4), (204, 0)):
        syncs = head[first : first + 5 * packet_bytes : packet_bytes]
        if len(syncs) >= 3 and set(syncs) == {0x47}:
            return MPEG_TS
    return None


def _frame_sync(head: bytes) -> Kind | None:
    """MPEG audio and ADTS begin with eleven or twelve set bits; layer I is left out, for FF FE also begins UTF-16 text."""
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return Kind("aac", "aac", (".aac", ".adts"))
    is_mpeg_audio = head[1] & 0xE0 == 0xE0 and head[1] & 0x06 in (2, 4) and head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C
    return MP3 if is_mpeg_audio else None


def _id3_length(head: bytes) -> int:
    return 10 + (head[6] & 127) * 2**21 + (head[7] & 127) * 2**14 + (head[8] & 127) * 2**7 + (head[9] & 127)


def _after_tag(head: bytes) -> Kind:
    """An ID3 tag mostly opens an MP3, but FLAC and AAC files carry it too."""
    if head == b"fLaC":
        return Kind("flac", "flac", (".flac",))
    return _frame_sync(head) or MP3


def _text(head: bytes) -> Refusal | None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
    elif b"\x00" in head[:1024] or sum(byte < 9 or 13 < byte < 32 for byte in head[:1024]) > 8:
        return None
    else:
        text = head.decode("utf-8-sig", "replace")
    start = text.lstrip("\ufeff \t\r\n").lower()
    for sign, reason in _TEXTS:
        if start.startswith(sign) or (sign.startswith("<") and sign in start[:2048]):
            return Refusal(reason)
    if "-->" in start[:4096]:
        return Refusal(_SUBTITLES)
    if start.startswith("<"):
        return Refusal("it is a web page or an XML document.")
    return Refusal("it is a text file.")
