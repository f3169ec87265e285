"""`python -m studio gc`: give back the disk space of what nobody needs any more. Flags in; what went, or what would go, out.

Safe while people and jobs are at work; a running server does the same by itself now and then.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.commands.places import HomeOption, place_of
from studio.domain.upload import in_words

if TYPE_CHECKING:
    from studio.store.upkeep import Freed


def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go, and how many bytes.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the figures as JSON here.")] = None,
    home: HomeOption = None,
) -> None:
    """Free deleted projects past their time, files nobody names, uploads nobody goes on with, and old cached files."""
    from studio.bootstrap import open_studio
    from studio.domain.plain import to_plain
    from studio.store.dumps import require_studio

    place = place_of(home)
    require_studio(place.database_url)
    studio = open_studio(place)
    try:
        freed = studio.free_space(is_dry_run=dry_run)
    finally:
        studio.close()
    for line in told(freed, is_dry_run=dry_run):
        print(line)
    if out is not None:
        out.write_text(json.dumps({**to_plain(freed), "size_bytes": freed.size_bytes, "is_dry_run": dry_run}, indent=1) + "\n", encoding="utf-8")


def told(freed: Freed, *, is_dry_run: bool) -> tuple[str, ...]:
    """The figures in words, a line each."""
    heaps = (("stored files nobody names", freed.blobs), ("uploads nobody goes on with", freed.uploads), ("cached files nobody looks at", freed.cache), ("drafts of processes that were killed", freed.drafts))
    lines = [f"{heap.count:6d} {name}: {in_words(heap.size_bytes)}" for name, heap in heaps]
    if freed.waiting.count:
        lines.append(f"{freed.waiting.count:6d} stored files wait for running jobs or a backup: {in_words(freed.waiting.size_bytes)}")
    verb = "would be freed; nothing was changed" if is_dry_run else "freed"
    return (f"{freed.projects:6d} deleted projects past their time", *lines, f"{in_words(freed.size_bytes)} {verb}.")
