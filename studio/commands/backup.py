"""`python -m studio backup | restore | downgrade`: a studio put away, brought back, and taken one schema back. Flags in; sentences out.

All three work on a home and its database directly, so that they also serve a studio that does not start.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, place_of
from studio.domain.errors import BadSetting, NotReady, OutOfSpace
from studio.domain.rights import LOCAL_USER

if TYPE_CHECKING:
    from studio.bootstrap import Place
    from studio.domain.backup import BackupDone
    from studio.store.blobs import BlobStore

JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write what was done as JSON here.")]


def back_up_command(
    place: Annotated[Path, typer.Argument(metavar="DEST", help="A folder, which takes many backups and copies only what is new; or a new file ending in .tar.")],
    keep: Annotated[int | None, typer.Option("--keep", min=1, help="Of a folder's backups keep only the newest so many (default: all).")] = None,
    out: JsonOption = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Put the studio away: its database at one moment and every file it names. People may go on working."""
    from studio.domain.plain import to_plain

    done = _back_up(place_of(home, database, blobs), place, keep)
    print(f"{done.place}: {done.manifest.blobs} files, {_size(done.manifest.blob_bytes)}, of them {done.new_blobs} new ({_size(done.new_bytes)}).")
    if done.dropped:
        print(f"Dropped {len(done.dropped)} older backup{'s' if len(done.dropped) > 1 else ''}; {keep} stay.")
    _write(out, to_plain(done))
    if lost := (*done.manifest.missing, *done.manifest.damaged):
        raise NotReady(f"{len(lost)} files the database names are missing or damaged in the studio itself, the first is {lost[0]}; the backup has all others.")


def restore_command(
    place: Annotated[Path, typer.Argument(metavar="SRC", help="A folder or a .tar that `backup` made.")],
    snapshot: Annotated[str | None, typer.Option("--snapshot", help="Which one of a folder (default: the newest; `--list` names them).")] = None,
    despite_damage: Annotated[bool, typer.Option("--despite-damage", help="Restore what is whole of a backup that is not.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="Only name the snapshots.")] = False,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Bring a studio back into an empty home (or an empty PostgreSQL database). Every file is hashed, every table counted."""
    from studio.bootstrap import make_home
    from studio.store.database import open_database
    from studio.store.restore import opened, restore, snapshots

    if only_list:
        print("\n".join(snapshots(place)))
        return
    target = place_of(home, database, blobs)
    with opened(place, snapshot) as found, _counting("restored") as watch:
        make_home(target)
        done = restore(found, target.database_url, _blobs(target), target.home, despite_damage=despite_damage, watch=watch)
    engine = open_database(target.database_url)  # brings an older schema up to date, and finds out whether it opens
    _note(engine, "studio.restore", made_at=done.made_at, files=done.blobs)
    engine.dispose()
    print(f"{target.home}: the studio of {done.made_at}, {done.rows} rows and {done.blobs} files ({_size(done.blob_bytes)}), every one verified.")
    print("Nobody is logged in; accounts and passwords are as they were.")
    if done.lost:
        print(f"{len(done.lost)} files are lost, the first is {done.lost[0]}.", file=sys.stderr)


def downgrade_command(
    backup: Annotated[Path | None, typer.Option("--backup", metavar="DEST", help="Make a backup here first, as `backup` does.")] = None,
    without_backup: Annotated[bool, typer.Option("--without-backup", help="There is one already.")] = False,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Take the database one schema back, for who must return to the Lipline before. What only the newer one kept is gone."""
    from studio.store.database import connect_database, translated
    from studio.store.migrate import downgrade

    place = place_of(home, database, blobs)
    if (backup is None) == (not without_backup):
        raise BadSetting("Going back loses what only the newer schema keeps: name a backup with --backup DEST, or say --without-backup.")
    _require_stopped(place)
    if backup is not None:
        print(f"{_back_up(place, backup, None).place} holds a backup.")
    engine = connect_database(place.database_url)
    try:
        with translated(engine):
            schema = downgrade(engine)
    finally:
        engine.dispose()
    print(f"The database has schema {schema} now. Install the Lipline before and start it; this one would bring it forward again.")


def _back_up(place: Place, target: Path, keep: int | None) -> BackupDone:
    from studio.store.backup import back_up, require_distinct
    from studio.store.database import connect_database
    from studio.store.dumps import require_studio
    from studio.store.migrate import stored_version
    from studio.store.schema import SCHEMA_VERSION

    require_distinct(target, place.home)
    require_studio(place.database_url)  # or looking for its files would make folders for them
    with _counting("copied") as watch:
        done = back_up(place.database_url, _blobs(place), target, keep=keep, watch=watch)
    engine = connect_database(place.database_url)
    if stored_version(engine) == SCHEMA_VERSION:
        with suppress(OutOfSpace):  # the backup is made, and may be why somebody makes room next
            _note(engine, "studio.backup", files=done.manifest.blobs)
    engine.dispose()
    return done


def _require_stopped(place: Place) -> None:
    """Raises NotReady while a server or worker gives signs of life."""
    from studio.store.workers import WorkerStore
    from studio.store.database import connect_database
    from studio.store.dumps import is_empty
    from studio.store.migrate import stored_version
    from studio.store.schema import SCHEMA_VERSION

    if is_empty(place.database_url):
        raise BadSetting(f"There is no studio at {place.home}; name its home with --home.")
    with ExitStack() as at_end:
        engine = connect_database(place.database_url)
        at_end.callback(engine.dispose)
        alive = WorkerStore(engine).alive() if stored_version(engine) == SCHEMA_VERSION else ()
    if alive:
        raise NotReady(f"Servers or workers still run ({len(alive)}, the first is {alive[0].id}); stop them, wait a minute, and try again.")


def _note(engine: Any, action: str, **detail: str | int) -> None:
    from studio.store.audit import AuditStore

    AuditStore(engine).write(LOCAL_USER, action, **detail)


def _blobs(place: Place) -> BlobStore:
    from studio.store.shared_blobs import open_blobs

    return open_blobs(place.blobs_place, place.home / "blobs")


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A line of progress on stderr where that is a terminal."""
    is_shown = sys.stderr.isatty()

    def watch(done: int, total: int) -> None:
        if is_shown:
            sys.stderr.write(f"\r{done} of {total} files {what}")
            sys.stderr.flush()

    yield watch
    if is_shown:
        sys.stderr.write("\r\033[K")


def _size(size_bytes: int) -> str:
    for unit, bytes_each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= bytes_each:
            return f"{size_bytes / bytes_each:.1f} {unit}"
    return f"{size_bytes} bytes"


def _write(out: Path | None, content: Any) -> None:
    if out is None:
        return
    try:
        out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadSetting(f"{out} cannot be written: {error.strerror}.") from error
