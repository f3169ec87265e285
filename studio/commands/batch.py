"""`python -m studio batch LIST.csv --to en,de`: dub a catalogue, here or on a cluster. The same command goes on where it was stopped.

Flags in; one MP4 a film and language in --out, and a table of what became of each. How the list is written: `studio/batch_list.py`.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, RayOption, place_of
from studio.domain.errors import BadSetting

if TYPE_CHECKING:
    from studio.batch import Outcome

AT_ONCE_ON_CLUSTER = 32


def batch(
    listed: Annotated[Path, typer.Argument(metavar="LIST", help="CSV with the columns path, from, lines, translation, name.")],
    to: Annotated[str, typer.Option("--to", help="Languages to dub into, such as en,de.")],
    source_language: Annotated[str | None, typer.Option("--from", help="Language spoken, for rows that name none.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the dubs (default: “dubs” beside the list).")] = None,
    root: Annotated[Path | None, typer.Option("--root", help="Nothing outside of this folder is read (default: the list's own).")] = None,
    speaker: Annotated[str, typer.Option("--speaker", help="Speech engine; see `engines`.")] = "auto",
    translator: Annotated[str, typer.Option("--translator", help="Translation engine; see `engines`.")] = "auto",
    transcriber: Annotated[str, typer.Option("--transcriber", help="Recognition engine; see `engines`.")] = "auto",
    workers: Annotated[int | None, typer.Option("--workers", help="Films at once (default: 1 here, 32 on a cluster; 0: leave the work to `worker` processes).", min=0, max=1000)] = None,
    user: Annotated[str, typer.Option("--user", help="Whose projects they are, or shall be.")] = "local",
    ray: RayOption = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Dub every film of a list into every language. Films that fail are told at the end; the others are done."""
    from studio.batch import BatchWish, Engines, dub_catalogue
    from studio.batch_list import ListWish, read_list, targets_of
    from studio.bootstrap import open_studio
    from studio.commands.cluster import cluster_beside

    items = read_list(ListWish(listed, targets_of(to), source_language, root))
    is_elsewhere = ray is not None or workers == 0
    at_once = workers or (AT_ONCE_ON_CLUSTER if is_elsewhere else 1)
    place, over = place_of(home, database, blobs), threading.Event()
    folder = (listed.resolve().parent / "dubs") if out is None else out
    outcomes: list[Outcome] = []
    with cluster_beside(place, ray):
        studio = open_studio(place, workers=0 if is_elsewhere else at_once)
        try:
            for outcome in dub_catalogue(studio.as_user(user), BatchWish(items, folder, Engines(speaker, translator, transcriber), at_once, over)):
                outcomes.append(outcome)
                print(f"{len(outcomes)}/{len(items)} {_told(outcome)}", file=sys.stderr, flush=True)
        finally:
            over.set()
            studio.close()
    _table(outcomes, folder)


def _table(outcomes: list[Outcome], folder: Path) -> None:
    """What became of each, in the order of the list. Raises BadSetting or exits with 1 where a film was not dubbed."""
    from studio.batch import Fate, counts

    for outcome in sorted(outcomes, key=lambda one: (one.item.number, one.item.target_language)):
        print(f"{outcome.item.number:5d}  {outcome.item.target_language:3s} {outcome.fate:9s} {outcome.voiced:5d}/{outcome.lines:<5d} {outcome.seconds:8.1f} s  {outcome.item.name}")
    found = counts(outcomes)
    failed, partly, left = found[Fate.BAD] + found[Fate.BROKEN], found[Fate.PARTLY], found[Fate.LEFT]
    later = f" {left} were left for the next run of the same command." if left else ""
    print(f"{found[Fate.DONE]} dubbed, {found[Fate.KEPT]} were done before, {partly} lack some voices, {failed} failed.{later} The dubs are in {folder}.")
    if found[Fate.BROKEN] or left:
        raise typer.Exit(1)
    if failed + partly:
        raise BadSetting(f"{failed + partly} of {len(outcomes)} are not whole; what is wrong with each stands above. Mend the list or the files, and run the same command again.")


def _told(outcome: Outcome) -> str:
    from studio.batch_list import printable

    sentence = f": {printable(outcome.sentence)}" if outcome.sentence else ""
    return f"{outcome.item.name} → {outcome.item.target_language} {outcome.fate}{sentence}"
