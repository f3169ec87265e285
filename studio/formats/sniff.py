"""Files that are no text at all, recognised by their first bytes and refused with the one right sentence."""

from __future__ import annotations

from studio.domain.errors import BadSubtitles
from studio.formats.encoding import wide_without_mark

_PICTURES = "its subtitles are pictures, not text ({kind}). Convert them with text recognition (OCR) to SRT first."
_MEDIA = "it is {kind}, not a subtitle file. Upload media as the source, and subtitles as SRT, WebVTT, ASS/SSA, TTML, DAPT, CSV or XLSX."
_OTHER = "it is {kind}. Export it as SRT, WebVTT, ASS/SSA, TTML, DAPT, CSV or XLSX and upload that."
_CONTROLS = bytes(code for code in range(32) if code not in (0, 9, 10, 11, 12, 13, 26, 27, 28, 30, 31)) + b"\x7f"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")

# (offset, bytes, sentence, what it is)
_SIGNS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"PG", _PICTURES, "Blu-ray PGS"),
    (0, b"\x00\x00\x01\xba", _PICTURES, "DVD VobSub, or an MPEG programme stream"),
    (0, b"# VobSub index file", _PICTURES, "the index of a DVD VobSub"),
    (0, b"SP", _PICTURES, "DVD subpictures"),
    (0, b"\x1a\x45\xdf\xa3", _MEDIA, "a Matroska or WebM file"),
    (4, b"ftyp", _MEDIA, "an MP4 or QuickTime file"),
    (4, b"moov", _MEDIA, "a QuickTime file"),
    (0, b"\x00\x00\x01\xb3", _MEDIA, "an MPEG video"),
    (0, b"RIFF", _MEDIA, "a WAV, AVI or WebP file"),
    (0, b"RF64", _MEDIA, "a WAV file"),
    (0, b"OggS", _MEDIA, "an Ogg file"),
    (0, b"fLaC", _MEDIA, "a FLAC file"),
    (0, b"ID3", _MEDIA, "an MP3 file"),
    (0, b"\xff\xfb", _MEDIA, "an MP3 file"),
    (0, b"FLV\x01", _MEDIA, "a Flash video"),
    (0, b"\x30\x26\xb2\x75", _MEDIA, "a Windows Media file"),
    (0, b"\x89PNG", _OTHER, "a PNG picture"),
    (0, b"\xff\xd8\xff", _OTHER, "a JPEG picture"),
    (0, b"GIF8", _OTHER, "a GIF picture"),
    (0, b"BM", _OTHER, "a bitmap picture"),
    (0, b"%PDF", _OTHER, "a PDF document"),
    (0, b"PK\x03\x04", _OTHER, "a ZIP archive or an Office document that is no workbook"),
    (0, b"\x1f\x8b", _OTHER, "a gzip archive"),
    (0, b"7z\xbc\xaf", _OTHER, "a 7-Zip archive"),
    (0, b"Rar!", _OTHER, "a RAR archive"),
    (0, b"\xd0\xcf\x11\xe0", _OTHER, "an old Office document"),
    (0, b"{\\rtf", _OTHER, "an RTF document"),
    (3, b"STL", _OTHER, "an EBU STL file, which is not read here"),
)
_AMBIGUOUS = (b"PG", b"SP", b"BM", b"ID3", b"RIFF", b"moov", b"ftyp", b"STL")


def refuse_if_not_text(data: bytes, name: str) -> None:
    """Raises BadSubtitles for media, pictures, archives and other binary data; returns for anything that may be text."""
    if data.startswith(_WIDE_MARKS):
        return
    for offset, sign, sentence, kind in _SIGNS:
        if data.startswith(sign, offset) and (sign not in _AMBIGUOUS or _is_binary(data)):
            raise BadSubtitles(name, sentence.format(kind=kind))
    if _is_transport_stream(data):
        raise BadSubtitles(name, _MEDIA.format(kind="an MPEG transport stream"))
    if _is_binary(data) and wide_without_mark(data) is None:
        raise BadSubtitles(name, "it is binary data, not text. Upload SRT, WebVTT, ASS/SSA, TTML, DAPT, or a table as CSV or XLSX.")


def _is_transport_stream(data: bytes) -> bool:
    return len(data) > 376 and data[0] == data[188] == data[376] == 0x47 and _is_binary(data)


def _is_binary(data: bytes) -> bool:
    """More control characters than a damaged text would have."""
    sample = data[:100_000]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > max(2, len(sample) // 100) or sample.count(0) > max(8, len(sample) // 8)
