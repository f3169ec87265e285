"""Everything that reads what strangers send, as functions of bytes; `TARGETS` by name. Heavy imports inside `load`.

A function returns for what it took, swallows StudioError (a sentence was given), asserts what every answer promises, and lets the rest out.
Add a reader as one `Target`; its seeds come from fuzz_seeds.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import fuzz_seeds as seeds
from bench import fuzz_server as server

Work = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """`load(scratch)` gives the function; `modules` are watched for coverage; `words` are put into inputs as they are."""

    load: Callable[[Path], Work]
    seeds: Callable[[], list[bytes]]
    modules: tuple[str, ...]
    words: tuple[bytes, ...] = (b"",)


def _scripts(suffixes: tuple[str, ...]) -> Callable[[Path], Work]:
    """Reads as the first byte names it, and holds the script to its promises."""

    def load(_scratch: Path) -> Work:
        from studio.domain.errors import StudioError
        from studio.domain.settings import Limits
        from studio.formats.read import read_script

        limits = Limits(max_lines=500)

        def work(data: bytes) -> None:
            name = f"a.{suffixes[data[0] % len(suffixes)]}" if data else "a"
            try:
                script = read_script(data[1:], name, limits=limits, max_cue_ms=600_000)
            except StudioError:
                return
            starts = [line.start_ms for line in script.lines]
            assert starts == sorted(starts), "lines stand out of order"
            assert all(0 <= line.start_ms < line.end_ms for line in script.lines), "a line ends before it begins"
            assert len(script.lines) <= limits.max_lines, "more lines than allowed"
            assert all(len(line.text) <= limits.max_text_chars for line in script.lines), "a text longer than allowed"
            assert all("\0" not in line.text for line in script.lines), "NUL in a text"

        return work

    return load


def _workbook(_scratch: Path) -> Work:
    """The input is one part of a workbook; the first byte says which."""
    read = _scripts(("xlsx",))(_scratch)
    parts = seeds.workbook_parts()
    names = sorted(parts)

    def work(data: bytes) -> None:
        if data:
            read(b"x" + seeds.zipped(parts | {names[data[0] % len(names)]: data[1:]}))

    return work


def _sniffed(_scratch: Path) -> Work:
    from studio.media.sniff import Kind, Refusal, judge

    def work(data: bytes) -> None:
        found = judge(data)
        assert isinstance(found, Kind) or (isinstance(found, Refusal) and found.reason)

    return work


def _film(scratch: Path) -> Work:
    """Whole damaged films through the fenced reader and a first decode."""
    from studio.domain.errors import StudioError
    from studio.media.decode import SoundQuery, audio_blocks
    from studio.media.probe import probe

    path = scratch / "film"

    def work(data: bytes) -> None:
        path.write_bytes(data)
        try:
            info = probe(path, name="film")
            if info.audio:
                for _ in audio_blocks(SoundQuery(path, info.audio[0].index, 16_000, 1, length_ms=2000), timeout_s=8):
                    continue
        except StudioError:
            return

    return work


def _users(scratch: Path) -> Work:
    from studio.domain.errors import StudioError
    from studio.store.users_file import read_users_file

    path = scratch / "users.txt"

    def work(data: bytes) -> None:
        path.write_bytes(data)
        try:
            found = read_users_file(path)
        except StudioError:
            return
        assert found, "nobody was found and nothing was said"

    return work


_FORMATS = ("studio.formats",)
TARGETS: dict[str, Target] = {
    "subtitles": Target(_scripts(("srt", "vtt", "ass", "ssa", "txt", "sub")), seeds.subtitles, _FORMATS, seeds.SUBTITLE_WORDS),
    "ttml": Target(_scripts(("ttml", "xml", "dapt")), seeds.ttml, _FORMATS, seeds.XML_WORDS),
    "tables": Target(_scripts(("csv", "tsv", "txt")), seeds.tables, _FORMATS, seeds.TABLE_WORDS),
    "workbook": Target(_workbook, seeds.workbook, ("studio.formats", "openpyxl"), seeds.XML_WORDS),
    "archive": Target(_scripts(("xlsx",)), seeds.archives, ("studio.formats", "zipfile"), (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06")),
    "sniff": Target(_sniffed, seeds.heads, ("studio.media",), seeds.MAGIC),
    "film": Target(_film, seeds.films, ("studio.media",), seeds.MAGIC),
    "users": Target(_users, seeds.users, ("studio.store", "studio.domain"), (b"scrypt$16384$8$1$", b":", b"\n", b"$")),
    "projects": Target(server.load_projects, server.project_documents, ("studio.project_archive", "studio.formats", "studio.domain", "studio.store"), server.WORDS),
    "calls": Target(server.load_calls, server.call_seeds, ("studio.ui", "studio.domain"), server.WORDS),
}
