"""Clips with the words said in them, for `eval voice`: a table, or a folder with its words beside the films.

Enter: a path. Leaves: clips in order, each with its text or the reason it has none. Words of a folder stand in `index.csv` (file, transcript),
in `words.tsv` (clip, start_s, end_s, word, as GRID has them), or in NAME.txt beside NAME.mp4.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import BadSetting

FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".m4v")
NO_WORDS = frozenset({"sil", "sp", "spn", ""})
TEXT_COLUMNS = ("transcript", "text")
LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class VoiceClip:
    """One clip; `text` "" where nobody says what is said in it."""

    name: str
    path: Path
    text: str


def read_clips(place: Path, *, names: Sequence[str] | None = None, limit: int | None = None) -> tuple[VoiceClip, ...]:
    """The clips of a table or a folder, those called `names` where some are named. Raises BadSetting where there are none to judge."""
    if place.is_dir():
        index = place / "index.csv"
        clips = _from_table(index) if index.is_file() else _from_words(place) if (place / "words.tsv").is_file() else _from_texts(place)
    else:
        clips = _from_table(place)
    if names is not None:
        known = {clip.name for clip in clips}
        missing = [name for name in names if name not in known]
        if missing:
            raise BadSetting(f"{place} has no clip “{missing[0]}”{f' and {len(missing) - 1} others asked for' if missing[1:] else ''}; take those names out of the list.")
        clips = [clip for clip in clips if clip.name in set(names)]
    if not clips:
        raise BadSetting(f"{place} holds no clips; name a folder of films with their words, or a table with the columns file and transcript.")
    return tuple(clips[:limit])


def _from_table(path: Path) -> list[VoiceClip]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSetting(f"{path} cannot be read as a table of clips ({error}).") from error
    column = next((name for name in TEXT_COLUMNS if rows and name in rows[0]), None)
    if column is None or "file" not in rows[0]:
        raise BadSetting(f"{path} needs the columns file and transcript; it has {', '.join(rows[0]) if rows else 'no rows'}.")
    found = []
    for row in rows:
        film = path.parent / (row["file"] or "")
        if film.suffix.lower() in FILMS:
            found.append(VoiceClip(film.stem, film, (row[column] or "").strip()[:LONGEST_TEXT]))
    return found


def _from_words(folder: Path) -> list[VoiceClip]:
    path = folder / "words.tsv"
    said: dict[str, list[str]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                words = said.setdefault(row["clip"], [])
                if row["word"] not in NO_WORDS:
                    words.append(row["word"])
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise BadSetting(f"{path} cannot be read as words with their times (columns clip, start_s, end_s, word).") from error
    return [VoiceClip(film.stem, film, " ".join(said.get(film.stem, ()))) for film in _films(folder)]


def _from_texts(folder: Path) -> list[VoiceClip]:
    return [VoiceClip(film.stem, film, _text_beside(film)) for film in _films(folder)]


def _text_beside(film: Path) -> str:
    path = film.with_suffix(".txt")
    try:
        return " ".join(path.read_text(encoding="utf-8").split())[:LONGEST_TEXT] if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path} cannot be read as text in UTF-8 ({error}).") from error


def _films(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in FILMS and path.is_file())
