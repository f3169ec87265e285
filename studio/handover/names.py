"""Names of files in a delivery: made of numbers, timecode and ids, so that nothing a person typed becomes a path."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from studio.domain.line import Line
from studio.domain.timebase import Timebase

_MAX_SPEAKER_CHARS = 24
_ID_CHARS = 8
_REEL_CHARS = 8
_NOBODY = "SPEAKER"


def line_wav_name(line: Line, number: int, speaker: str, base: Timebase) -> str:
    """The file of one line's take: NNNN_SPEAKER_HH-MM-SS-FF_lineid.wav, with the timecode at which the line begins.

    The same line keeps its name while its number, speaker's name and place stay; the end, from its id, tells any two lines apart.
    """
    moment = base.timecode_at(line.span.start_ms).replace(":", "-").replace(";", "-")
    return f"{number:04d}_{speaker_slug(speaker)}_{moment}_{_plain(line.id)[:_ID_CHARS]}.wav"


def speaker_slug(name: str) -> str:
    """Letters and digits of a name in any script, upper case, the rest as single dashes; never empty, never a path.

    >>> speaker_slug("../Ann-Marie O'Neil"), speaker_slug("..")
    ('ANN-MARIE-O-NEIL', 'SPEAKER')
    """
    kept = [letter if unicodedata.category(letter)[0] in "LNM" else "-" for letter in unicodedata.normalize("NFC", name).upper()]
    words = [word for word in "".join(kept).split("-") if word]
    return unicodedata.normalize("NFC", "-".join(words)[:_MAX_SPEAKER_CHARS]).strip("-") or _NOBODY


def speaker_names(speakers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A name for files and tracks per speaker id, no two the same. `speakers`: (id, name) in a fixed order."""
    names: dict[str, str] = {}
    for speaker_id, name in speakers:
        slug, number = speaker_slug(name), 2
        wanted = slug
        while wanted in names.values():
            wanted, number = f"{slug}-{number}", number + 1
        names[speaker_id] = wanted
    return names


def delivery_name(project_name: str, language: str, kind: str) -> str:
    """The folder or archive of a delivery, such as THE-LAST-FERRY_zh_stems."""
    return f"{speaker_slug(project_name)}_{language}_{kind}"


def reel_names(line_ids: Iterable[str]) -> dict[str, str]:
    """A reel of eight letters or digits per line, as CMX 3600 allows: the start of the line's id, so that a line keeps its reel.
    Two lines whose ids begin alike are told apart by a number at the end."""
    reels: dict[str, str] = {}
    taken: set[str] = set()
    for line_id in line_ids:
        stem, number = _plain(line_id).upper()[:_REEL_CHARS].ljust(_REEL_CHARS, "0"), 1
        reel = stem
        while reel in taken:
            mark = str(number)
            reel, number = stem[: _REEL_CHARS - len(mark)] + mark, number + 1
        taken.add(reel)
        reels[line_id] = reel
    return reels


def _plain(line_id: str) -> str:
    """An id as letters and digits of ASCII only."""
    return "".join(letter for letter in line_id if letter.isascii() and letter.isalnum()) or "0"
