"""A studio put away while people work on it, and brought back somewhere else, on SQLite and on PostgreSQL."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, func, select, update

from studio.domain.errors import BadSetting, StudioError
from studio.domain.project import Project
from studio.store import backup as backup_module
from studio.store import dumps
from studio.store.backup import back_up, blob_name, require_distinct
from studio.store.blobs import BlobStore
from studio.store.database import connect_database, new_id, open_database, reading, utc_now, writing
from studio.store.dumps import Dumped, dump
from studio.store.migrate import stored_version
from studio.store.projects import ProjectStore
from studio.store.restore import opened, restore, snapshots
from studio.store.schema import AUDIT, PROJECTS, SESSIONS, USERS, WORKERS
from studio.store.audit import AuditStore
from tests.postgres import PostgresServer
from tests.store.samples import a_project


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A home on SQLite; PostgreSQL has a test of its own below."""
    return f"sqlite:///{tmp_path / 'home' / 'studio.db'}"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "home" / "blobs")


def fill(engine: Engine, blobs: BlobStore, count: int = 3) -> list[str]:
    """Projects with a bed each; their keys."""
    keys = []
    for number in range(count):
        key = blobs.put_bytes(f"bed {new_id()} {number}".encode() * 100, ".wav")
        project = ProjectStore(engine).create(a_project("ada"))
        with writing(engine) as connection:
            connection.execute(update(PROJECTS).where(PROJECTS.c.id == project.id).values(bed_blob=key))
        keys.append(key)
    return keys


def log_somebody_in(engine: Engine) -> None:
    """An open login, and a worker in the list."""
    with writing(engine) as connection:
        owner = connection.scalar(select(USERS.c.name))
        row = {"user": owner, "created_at": utc_now(), "seen_at": utc_now(), "expires_at": utc_now(), "address": ""}
        connection.execute(SESSIONS.insert().values(token_hash="0" * 64, **row))
        connection.execute(WORKERS.insert().values(id="w", kind="worker", devices=[], state={}, started_at=utc_now(), heartbeat_s=0.0))


def bring_back(place: Path, url: str, blobs: BlobStore, **options: bool) -> object:
    with opened(place) as snapshot:
        return restore(snapshot, url, blobs, place.parent / "new home", **options)


def elsewhere(tmp_path: Path, name: str = "second") -> tuple[str, BlobStore]:
    return f"sqlite:///{tmp_path / name / 'studio.db'}", BlobStore(tmp_path / name / "blobs")


@pytest.mark.parametrize("place", ["backup", "backup.tar"])
def test_a_backup_comes_back_row_for_row_and_byte_for_byte(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, place: str) -> None:
    keys = fill(engine, blobs)
    blobs.put_bytes(b"nobody names this", ".wav")
    done = back_up(url, blobs, tmp_path / place)
    assert done.manifest.blobs == len(keys) == done.new_blobs and not done.manifest.missing
    second_url, second_blobs = elsewhere(tmp_path)
    back = bring_back(tmp_path / place, second_url, second_blobs)
    assert back.blobs == 3 and back.lost == ()
    for key in keys:
        assert second_blobs.path(key).read_bytes() == blobs.path(key).read_bytes()
    restored = open_database(second_url)
    with reading(restored) as there, reading(engine) as here:
        for table in (PROJECTS, USERS):
            assert there.execute(select(table)).all() == here.execute(select(table)).all()
    restored.dispose()


def test_a_second_backup_into_a_folder_copies_only_what_is_new_and_old_ones_stay(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 2)
    first = back_up(url, blobs, tmp_path / "backup")
    fill(engine, blobs, 1)
    second = back_up(url, blobs, tmp_path / "backup")
    assert (first.new_blobs, second.new_blobs, second.manifest.blobs) == (2, 1, 3)
    names = snapshots(tmp_path / "backup")
    assert len(names) == 2
    second_url, second_blobs = elsewhere(tmp_path)
    with opened(tmp_path / "backup", names[0]) as snapshot:
        assert restore(snapshot, second_url, second_blobs, tmp_path / "second").blobs == 2


def test_only_the_newest_snapshots_are_kept_and_their_blobs(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    [old] = fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "backup")
    with writing(engine) as connection:
        connection.execute(update(PROJECTS).values(bed_blob=None))
    [new] = fill(engine, blobs, 1)
    done = back_up(url, blobs, tmp_path / "backup", keep=1)
    assert len(done.dropped) == 1 and len(snapshots(tmp_path / "backup")) == 1
    assert not (tmp_path / "backup" / blob_name(old)).exists() and (tmp_path / "backup" / blob_name(new)).exists()
    bring_back(tmp_path / "backup", *elsewhere(tmp_path))


def test_edits_made_during_the_backup_leave_it_whole(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People write without a pause; one project with a file is made exactly between the database's moment and the copying of files."""
    fill(engine, blobs)
    stop, written = Event(), []

    def edit() -> None:
        while not stop.is_set():
            written.extend(fill(engine, blobs, 1))
            AuditStore(engine).write("ada", "project.change")

    def dumped(*arguments: object) -> Dumped:
        found = dump(*arguments)
        fill(engine, blobs, 2)
        return found

    monkeypatch.setattr(backup_module, "dump", dumped)
    people = [Thread(target=edit) for _ in range(2)]
    for person in people:
        person.start()
    try:
        places = [tmp_path / "a", tmp_path / "b.tar", tmp_path / "a"]
        manifests = [back_up(url, blobs, place).manifest for place in places]
    finally:
        stop.set()
        for person in people:
            person.join()
    assert written and not any(manifest.missing or manifest.damaged for manifest in manifests)
    assert manifests[0].rows["projects"] < manifests[2].rows["projects"]
    for number, place in enumerate((tmp_path / "b.tar", tmp_path / "a")):
        second_url, second_blobs = elsewhere(tmp_path, f"second{number}")
        bring_back(place, second_url, second_blobs)
        restored = open_database(second_url)
        with reading(restored) as connection:
            beds = connection.execute(select(PROJECTS.c.bed_blob).where(PROJECTS.c.bed_blob.is_not(None))).scalars().all()
            assert connection.scalar(select(func.count()).select_from(AUDIT)) == manifests[1 + number].rows["audit"]
        restored.dispose()
        assert len(beds) >= 3 and all(second_blobs.exists(bed) for bed in beds), "every file a restored row names is there"


def test_a_damaged_or_missing_blob_is_named_and_never_passes_for_whole(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    good, bad, gone = fill(engine, blobs)
    back_up(url, blobs, tmp_path / "backup")
    place = tmp_path / "backup" / blob_name(bad)
    place.write_bytes(b"x" * place.stat().st_size)
    (tmp_path / "backup" / blob_name(gone)).unlink()
    second_url, second_blobs = elsewhere(tmp_path)
    with pytest.raises(StudioError, match="2 of 3 files"):
        bring_back(tmp_path / "backup", second_url, second_blobs)
    assert not Path(second_url.removeprefix("sqlite:///")).exists(), "no studio stands there half"
    done = bring_back(tmp_path / "backup", second_url, second_blobs, despite_damage=True)
    assert set(done.lost) == {bad, gone} and second_blobs.exists(good) and not second_blobs.exists(bad)


def test_a_blob_damaged_in_the_studio_is_told_in_the_manifest(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    _, bad, gone = fill(engine, blobs)
    blobs.path(bad).chmod(0o600)
    blobs.path(bad).write_bytes(b"rot")
    blobs.path(gone).unlink()
    for place in (tmp_path / "backup", tmp_path / "backup.tar"):
        manifest = back_up(url, blobs, place).manifest
        assert (manifest.damaged, manifest.missing, manifest.blobs) == ((bad,), (gone,), 1)


@pytest.mark.parametrize("name", ["studio.db", "blobs.txt", "manifest.json"])
def test_a_damaged_snapshot_is_refused(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, name: str) -> None:
    fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "backup")
    [file] = (tmp_path / "backup" / "snapshots").glob(f"*/{name}")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises((StudioError, BadSetting)):
        bring_back(tmp_path / "backup", *elsewhere(tmp_path))


MANIFEST_IS = {
    "no JSON": b"{",
    "nothing": b"",
    "no record": b"null",
    "a list": b"[1]",
    "nested without end": b"[" * 100_000,
    "of wrong types": b'{"format": 1, "made_at": 3, "kind": [], "schema": null, "rows": 7, "sha256": "x", "blobs": "y", "blob_bytes": {}}',
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("what", MANIFEST_IS)
def test_a_manifest_that_is_none_is_a_sentence(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, what: str) -> None:
    back_up(url, blobs, tmp_path / "backup")
    [file] = (tmp_path / "backup" / "snapshots").glob("*/manifest.json")
    file.write_bytes(MANIFEST_IS[what])
    with pytest.raises(StudioError, match="manifest in .* cannot be read"):
        bring_back(tmp_path / "backup", *elsewhere(tmp_path))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2, "new": 1}, "newer Lipline \\(format 2\\)"),
        ({"schema": "9999"}, "newer Lipline \\(its schema is 9999"),
        ({"kind": "../../x"}, "no kind of database"),
        ({"sha256": {"studio.db": "0" * 64, "../../x": "0" * 64}}, "is damaged"),
        ({"rows": {}}, "cannot be read|differs from the backup"),
    ],
)
def test_a_manifest_of_another_lipline_or_of_nobody_is_a_sentence(
    engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    back_up(url, blobs, tmp_path / "backup")
    [file] = (tmp_path / "backup" / "snapshots").glob("*/manifest.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(StudioError, match=sentence):
        bring_back(tmp_path / "backup", *elsewhere(tmp_path))
    assert not (tmp_path / "second" / "studio.db").exists()


@pytest.mark.parametrize("name", ["studio.db", "blobs.txt"])
@pytest.mark.parametrize("how", ["gone", "cut short", "a folder"])
def test_half_a_snapshot_is_a_sentence(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, name: str, how: str) -> None:
    fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "backup")
    [file] = (tmp_path / "backup" / "snapshots").glob(f"*/{name}")
    half = file.read_bytes()[: file.stat().st_size // 2]
    file.unlink()
    if how == "cut short":
        file.write_bytes(half)
    elif how == "a folder":
        file.mkdir()
    with pytest.raises(StudioError, match="not in this backup|cannot be read|is damaged"):
        bring_back(tmp_path / "backup", *elsewhere(tmp_path))
    assert not (tmp_path / "second" / "studio.db").exists()


def test_a_snapshot_without_its_list_keeps_the_others_from_being_dropped(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 1)
    for _ in range(2):
        back_up(url, blobs, tmp_path / "backup")
    names = snapshots(tmp_path / "backup")
    (tmp_path / "backup" / "snapshots" / names[1] / "blobs.txt").unlink()
    with pytest.raises(BadSetting, match="none was dropped: .* lacks its list"):
        back_up(url, blobs, tmp_path / "backup", keep=2)
    assert len(snapshots(tmp_path / "backup")) == 3
    bring_back(tmp_path / "backup", *elsewhere(tmp_path))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_tar_that_was_cut_off_is_a_sentence(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, share: float) -> None:
    fill(engine, blobs)
    back_up(url, blobs, tmp_path / "whole.tar")
    whole = (tmp_path / "whole.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: int(share * len(whole)) + 100])
    with pytest.raises(BadSetting, match="cannot be read as a backup|holds no whole backup"):
        bring_back(tmp_path / "cut.tar", *elsewhere(tmp_path))


def test_a_tar_whose_files_are_links_is_a_sentence(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    back_up(url, blobs, tmp_path / "good.tar")
    with tarfile.open(tmp_path / "good.tar") as good, tarfile.open(tmp_path / "evil.tar", "w") as evil:
        for member in good.getmembers():
            if member.name.endswith("studio.db"):
                member.type, member.linkname = tarfile.SYMTYPE, member.name  # to itself
            evil.addfile(member, good.extractfile(member) if member.isreg() else None)
    with pytest.raises(StudioError, match="studio.db is not in this backup"):
        bring_back(tmp_path / "evil.tar", *elsewhere(tmp_path))


def test_a_studio_that_is_there_is_not_overwritten(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "backup")
    with pytest.raises(BadSetting, match="studio already"):
        bring_back(tmp_path / "backup", url, blobs)


@pytest.mark.parametrize("left", ["studio.db-wal", "studio.db-journal"])
def test_a_journal_of_a_studio_that_was_removed_is_never_played_into_the_restored_one(
    engine: Engine, url: str, blobs: BlobStore, tmp_path: Path, left: str
) -> None:
    back_up(url, blobs, tmp_path / "backup")
    second_url, second_blobs = elsewhere(tmp_path)
    (tmp_path / "second" / left).write_bytes(b"pages of another file")
    with pytest.raises(BadSetting, match="what is left of one"):
        bring_back(tmp_path / "backup", second_url, second_blobs)


def test_a_studio_begun_while_files_are_restored_is_not_overwritten(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "backup")
    second_url, second_blobs = elsewhere(tmp_path)
    with opened(tmp_path / "backup") as snapshot, pytest.raises(BadSetting, match="begun at .* meanwhile"):
        restore(snapshot, second_url, second_blobs, tmp_path / "second", watch=lambda _done, _of: open_database(second_url).dispose())
    assert dump(second_url, tmp_path / "seen").rows["projects"] == 0


def test_two_backups_into_one_folder_do_not_meet_and_what_a_killed_one_left_goes(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 1)
    (tmp_path / "backup" / "snapshots" / ".making-x").mkdir(parents=True)
    refused: list[str] = []

    def meanwhile(_done: int, _of: int) -> None:
        with pytest.raises(BadSetting, match="Another backup") as told:
            back_up(url, blobs, tmp_path / "backup", keep=1)
        refused.append(str(told.value))

    back_up(url, blobs, tmp_path / "backup", watch=meanwhile)
    assert refused and [path.name for path in (tmp_path / "backup" / "snapshots").iterdir()] == list(snapshots(tmp_path / "backup"))


def test_logins_and_processes_do_not_come_back_and_accounts_do(engine: Engine, url: str, blobs: BlobStore, tmp_path: Path) -> None:
    fill(engine, blobs, 1)
    log_somebody_in(engine)
    back_up(url, blobs, tmp_path / "backup")
    second_url, second_blobs = elsewhere(tmp_path)
    bring_back(tmp_path / "backup", second_url, second_blobs)
    restored = open_database(second_url)
    with reading(restored) as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (SESSIONS, WORKERS, USERS)]
    restored.dispose()
    assert counts == [0, 0, 1]


def test_a_studio_of_an_older_schema_is_backed_up_as_it_is(tmp_path: Path, blobs: BlobStore) -> None:
    path = tmp_path / "home" / "studio.db"
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript((Path(__file__).parent / "schemas" / "0006.sql").read_text("utf-8"))
        if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            connection.executescript("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES ('0006')")
    connection.close()
    key = blobs.put_bytes(b"of long ago", ".wav")
    url = f"sqlite:///{path}"
    manifest = back_up(url, blobs, tmp_path / "backup").manifest
    assert manifest.schema == "0006" and manifest.blobs == 1
    engine = connect_database(url)
    assert stored_version(engine) == "0006", "a backup migrates nothing"
    engine.dispose()
    second_url, second_blobs = elsewhere(tmp_path)
    bring_back(tmp_path / "backup", second_url, second_blobs)
    open_database(second_url).dispose()
    assert second_blobs.exists(key)


def test_a_tar_from_elsewhere_writes_nowhere(tmp_path: Path, engine: Engine, url: str, blobs: BlobStore) -> None:
    fill(engine, blobs, 1)
    back_up(url, blobs, tmp_path / "good.tar")
    with tarfile.open(tmp_path / "good.tar") as archive:
        [name] = [item for item in archive.getnames() if item.endswith("manifest.json")]
        manifest = json.loads(archive.extractfile(name).read())
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        for target in ("../escaped", "/tmp/lipline-escaped"):
            archive.addfile(tarfile.TarInfo(target))
        member = tarfile.TarInfo("snapshots/2026/manifest.json")
        data = json.dumps(manifest | {"kind": "../../x"}).encode()
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    with pytest.raises((StudioError, BadSetting)):
        bring_back(evil, *elsewhere(tmp_path))
    assert not (tmp_path.parent / "escaped").exists() and not Path("/tmp/lipline-escaped").exists()


def test_a_backup_is_not_put_into_the_studio_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for place in (home, home / "blobs", home / "blobs" / "deep"):
        with pytest.raises(BadSetting, match="another disk"):
            require_distinct(place, home)
    require_distinct(tmp_path / "elsewhere", home)


def test_postgresql_comes_back_into_an_empty_database(postgres_server: PostgresServer, postgres_url: str, tmp_path: Path, blobs: BlobStore) -> None:
    engine = open_database(postgres_url)
    keys = fill(engine, blobs)
    stop = Event()
    person = Thread(target=lambda: [fill(engine, blobs, 1) for _ in iter(stop.is_set, True)])
    person.start()
    try:
        done = back_up(postgres_url, blobs, tmp_path / "backup")
    finally:
        stop.set()
        person.join()
    assert done.manifest.kind == "postgresql" and not done.manifest.missing
    name = f"restored_{new_id()}"
    empty = postgres_server.create(name)
    second_blobs = BlobStore(tmp_path / "second" / "blobs")
    try:
        back = bring_back(tmp_path / "backup", empty, second_blobs)
        restored = open_database(empty)
        with reading(restored) as connection:
            assert connection.scalar(select(func.count()).select_from(PROJECTS)) == done.manifest.rows["projects"] >= len(keys)
        ProjectStore(restored).create(Project(new_id(), "ada", "After", "en", "de", a_project("ada").settings))
        restored.dispose()
        assert back.blobs == done.manifest.blobs
        with pytest.raises(BadSetting, match="studio already"):
            bring_back(tmp_path / "backup", empty, second_blobs)
        with pytest.raises(BadSetting, match="made of a PostgreSQL database"):
            bring_back(tmp_path / "backup", elsewhere(tmp_path, "third")[0], second_blobs)
    finally:
        engine.dispose()
        postgres_server.drop(name)


def test_old_logins_never_come_into_postgresql_even_where_the_restore_breaks_off(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(postgres_url)
    fill(engine, blobs, 1)
    log_somebody_in(engine)
    back_up(postgres_url, blobs, tmp_path / "backup")
    engine.dispose()

    def breaks_off(*_: object) -> None:
        raise StudioError("The power went.")

    monkeypatch.setattr(dumps, "_hold_against", breaks_off)
    name = f"restored_{new_id()}"
    try:
        with pytest.raises(StudioError, match="power"):
            bring_back(tmp_path / "backup", postgres_server.create(name), BlobStore(tmp_path / "second" / "blobs"))
        restored = connect_database(postgres_server.url(name))
        with reading(restored) as connection:
            counts = [connection.scalar(select(func.count()).select_from(table)) for table in (SESSIONS, WORKERS, USERS)]
        restored.dispose()
        assert counts == [0, 0, 1]
    finally:
        postgres_server.drop(name)

