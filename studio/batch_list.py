"""The list of a catalogue: a CSV file in, what to dub out. Nothing is dubbed here; `batch.py` does.

Columns, in any order, by name: `path` (the film), `from` (its language), `lines` (subtitles of the source), `translation` (subtitles in the target
language), `name` (what it is called; the dub's file is named after it). All but `path` may be left out or empty. “{to}” in `translation` stands for
the language dubbed into. Paths are relative to the list, and nothing outside of the root folder is read, wherever links and dots lead.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import BadSetting, UserError
from studio.domain.language import language_code
from studio.store.text import storable

COLUMNS = ("path", "from", "lines", "translation", "name")
MAX_ROWS = 20_000
MAX_BYTES = 20 * 2**20
MAX_NAME_CHARS = 80
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class Item:
    """One film into one language. `number`: the row, the first film being 1; `trouble`: why it cannot be dubbed, or ""."""

    number: int
    name: str
    source: Path
    source_language: str
    target_language: str
    lines: Path | None = None
    translation: Path | None = None
    trouble: str = ""

    @property
    def file_name(self) -> str:
        return f"{self.name}.{self.target_language}.mp4"


@dataclass(frozen=True, slots=True)
class ListWish:
    """How a list is read. `root`: the folder beyond which nothing is read; `source_language`: where a row names none."""

    path: Path
    targets: tuple[str, ...]
    source_language: str | None = None
    root: Path | None = None


def read_list(wish: ListWish) -> tuple[Item, ...]:
    """Every film of the list in every language. What is wrong with one row stands in its items. Raises BadSetting for a list that is none."""
    folder = wish.path.resolve().parent
    root = folder if wish.root is None else wish.root.resolve()
    rows = _rows(wish.path)
    items = [_item(number, row, (target, wish.source_language, folder, root)) for number, row in enumerate(rows, start=1) for target in wish.targets]
    return _parted(items)


def targets_of(text: str) -> tuple[str, ...]:
    """“en, de” as languages. Raises BadSetting for none, or for one nobody knows."""
    found = tuple(dict.fromkeys(language_code(part.strip()) for part in text.split(",") if part.strip()))
    if not found:
        raise BadSetting("Say which languages to dub into: --to en,de.")
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadSetting(f"{path} is larger than {MAX_BYTES >> 20} MB, which no list of films is.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{path} is not UTF-8 text; save it as “CSV UTF-8”.") from error
    first = text.partition("\n")[0]
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", restkey="")
        columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        _check_columns(path, columns)
        rows = [{name: (value or "").strip() for name, value in row.items() if name} for row in reader]
    except csv.Error as error:
        raise BadSetting(f"{path} is no CSV file: {error}.") from error
    rows = [row for row in rows if any(row.values())]
    if not 0 < len(rows) <= MAX_ROWS:
        raise BadSetting(f"{path} lists {len(rows)} films; a list holds between 1 and {MAX_ROWS}.")
    return rows


def _check_columns(path: Path, columns: list[str]) -> None:
    unknown = [name for name in columns if name and name not in COLUMNS]
    if "path" not in columns or unknown or len(set(columns)) != len(columns):
        told = f"“{unknown[0][:40]}” is none of them" if unknown else "“path” is missing" if "path" not in columns else "one stands there twice"
        raise BadSetting(f"The first row of {path} names the columns: {', '.join(COLUMNS)}. {told[0].upper()}{told[1:]}.")


def _item(number: int, row: dict[str, str], wish: tuple[str, str | None, Path, Path]) -> Item:
    target, default_language, folder, root = wish
    given = row["path"]
    name = _name(row.get("name") or Path(given).stem or f"film {number}")
    try:
        if not given:
            raise BadSetting("The row names no film.")
        language = row.get("from") or default_language
        if not language:
            raise BadSetting("The row does not say which language is spoken; fill in “from”, or give --from for all.")
        source = _inside(given, folder, root)
        lines = _inside(row["lines"], folder, root) if row.get("lines") else None
        translation = row["translation"].replace("{to}", target) if row.get("translation") else ""
        found = _inside(translation, folder, root) if translation else None
        return Item(number, name, source, language_code(language), target, lines, found)
    except UserError as error:
        return Item(number, name, Path(given or "?"), "", target, trouble=str(error))


def _inside(given: str, folder: Path, root: Path) -> Path:
    """The real file behind a path. Raises BadSetting where it lies outside of the root, or is no file."""
    try:
        real = (folder / storable(given, "The path")).resolve()
        is_file = real.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise BadSetting(f"“{printable(given)}” is no path that can be read.") from error
    if not real.is_relative_to(root):
        raise BadSetting(f"“{printable(given)}” lies outside of {root}; name a wider folder with --root if it may be read.")
    if not is_file:
        raise BadSetting(f"“{printable(given)}” is not there, or is no file.")
    return real


def _parted(items: list[Item]) -> tuple[Item, ...]:
    """Two films of one name would overwrite each other: the second is told so."""
    seen: dict[str, int] = {}
    out = []
    for item in items:
        first = seen.setdefault(item.file_name.casefold(), item.number)
        if first != item.number and not item.trouble:
            item = Item(item.number, item.name, item.source, "", item.target_language, trouble=f"Row {first} has the same name; give each its own in the column “name”.")
        out.append(item)
    return tuple(out)


def _name(text: str) -> str:
    """A name that is a file's name on any system and stays in its folder."""
    clean = " ".join(_UNSAFE.sub(" ", printable(text)).split()).strip(". ")
    return clean[:MAX_NAME_CHARS].strip(". ") or "film"


def printable(text: str) -> str:
    """Without what would move the cursor of a terminal or turn its text around."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:200]
