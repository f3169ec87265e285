"""A file arrives in pieces: whatever breaks off, what was confirmed is here, and the rest goes on from there."""

from __future__ import annotations

import errno
import hashlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from studio.domain.errors import BadSetting, NotFound, OutOfSpace
from studio.domain.upload import NewUpload, Purpose, Upload, UploadBusy, WrongOffset
from studio.store.blobs import BlobStore
from studio.store.database import open_database
from studio.store.projects import ProjectStore
from studio.store.uploads import UploadStore, coming_bytes
from tests.store.samples import a_project

DATA = bytes(range(256)) * 64


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def uploads(engine: Engine, blobs: BlobStore) -> UploadStore:
    return UploadStore(engine, blobs)


def begin(uploads: UploadStore, owner: str = "ada", name: str = "film.mp4", size_bytes: int = len(DATA), max_open: int = 2) -> Upload:
    return uploads.begin(NewUpload(owner, name, size_bytes, Purpose.MEDIA), max_open=max_open, admit=lambda _: None)


def send(uploads: UploadStore, upload: Upload, start: int, end: int) -> None:
    with uploads.receive(upload.id, upload.owner, start) as receiver:
        for at in range(start, end, 1000):
            receiver.write(DATA[at : min(at + 1000, end)])


def test_pieces_in_order_become_a_blob_without_a_second_copy(uploads: UploadStore, blobs: BlobStore) -> None:
    upload = begin(uploads)
    send(uploads, upload, 0, 5000)
    send(uploads, upload, 5000, len(DATA))
    part = uploads.part(upload).stat()
    key = uploads.store(uploads.get(upload.id, "ada"))
    assert key == f"{hashlib.sha256(DATA).hexdigest()}.mp4"
    assert blobs.path(key).read_bytes() == DATA and blobs.path(key).stat().st_ino == part.st_ino
    uploads.forget(upload)
    assert uploads.list("ada") == () and list(blobs.parts.iterdir()) == []


def test_a_connection_that_breaks_off_keeps_what_came_and_goes_on_from_there(uploads: UploadStore) -> None:
    upload = begin(uploads)
    with pytest.raises(ConnectionResetError), uploads.receive(upload.id, "ada", 0) as receiver:
        receiver.write(DATA[:3000])
        raise ConnectionResetError
    assert uploads.get(upload.id, "ada").received_bytes == 3000
    with pytest.raises(WrongOffset) as refused, uploads.receive(upload.id, "ada", 4000):
        pass
    assert refused.value.received_bytes == 3000
    send(uploads, upload, 3000, len(DATA))
    assert uploads.store(uploads.get(upload.id, "ada")).startswith(hashlib.sha256(DATA).hexdigest())


def test_a_restarted_server_goes_on_and_cuts_off_what_was_never_confirmed(uploads: UploadStore, engine: Engine, blobs: BlobStore) -> None:
    upload = begin(uploads)
    send(uploads, upload, 0, 9000)
    with uploads.part(upload).open("ab") as file:
        file.write(b"written by a killed process")
    fresh = UploadStore(engine, blobs)
    send(fresh, upload, 9000, len(DATA))
    assert blobs.path(fresh.store(fresh.get(upload.id, "ada"))).read_bytes() == DATA


def test_a_part_that_lost_bytes_is_believed_and_not_its_row(uploads: UploadStore) -> None:
    upload = begin(uploads)
    send(uploads, upload, 0, 9000)
    with uploads.part(upload).open("r+b") as file:
        file.truncate(4000)
    with pytest.raises(WrongOffset) as refused, uploads.receive(upload.id, "ada", 9000):
        pass
    assert refused.value.received_bytes == 4000


def test_two_connections_do_not_send_the_same_file_at_once(uploads: UploadStore, engine: Engine, blobs: BlobStore) -> None:
    upload = begin(uploads)
    other = UploadStore(engine, blobs)
    with uploads.receive(upload.id, "ada", 0) as receiver:
        receiver.write(b"x")
        with pytest.raises(UploadBusy, match="another window"), other.receive(upload.id, "ada", 0):
            pass


def test_more_bytes_than_announced_are_refused_and_a_part_is_no_blob(uploads: UploadStore) -> None:
    upload = begin(uploads, size_bytes=10)
    with pytest.raises(BadSetting, match="More came"), uploads.receive(upload.id, "ada", 0) as receiver:
        receiver.write(b"x" * 11)
    assert uploads.get(upload.id, "ada").received_bytes == 0
    with pytest.raises(BadSetting, match="not here as a whole"):
        uploads.store(uploads.get(upload.id, "ada"))


def test_another_person_finds_nothing_and_one_person_has_so_many_at_once(uploads: UploadStore) -> None:
    first = begin(uploads)
    with pytest.raises(NotFound):
        uploads.get(first.id, "bob")
    with pytest.raises(NotFound), uploads.receive(first.id, "bob", 0):
        pass
    begin(uploads)
    with pytest.raises(BadSetting, match="2 files of yours"):
        begin(uploads)
    begin(uploads, owner="bob")


def test_what_others_announced_is_counted_before_the_disk_is_promised(uploads: UploadStore, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(uploads, size_bytes=700)
    asked: list[int] = []
    monkeypatch.setattr(blobs, "require_space", asked.append)
    begin(uploads, owner="bob", size_bytes=400)
    assert asked == [1100]


def test_a_refused_announcement_leaves_nothing(uploads: UploadStore) -> None:
    def refuse(_: Any) -> None:
        raise BadSetting("no")

    with pytest.raises(BadSetting):
        uploads.begin(NewUpload("ada", "film.mp4", 5, Purpose.MEDIA), max_open=2, admit=refuse)
    assert uploads.list("ada") == ()


@pytest.mark.parametrize("name", ["", "../x.mp4", "a/b.mp4", "C:\\x.mp4", "x\n.mp4", "x" * 300])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="plain name"):
        NewUpload("ada", name, 5, Purpose.MEDIA)


def test_a_stored_file_whose_last_step_was_cut_off_is_found_again(uploads: UploadStore, engine: Engine, blobs: BlobStore) -> None:
    upload = begin(uploads)
    send(uploads, upload, 0, len(DATA))
    key = uploads.store(uploads.get(upload.id, "ada"))
    again = UploadStore(engine, blobs)  # killed before the project was told
    assert again.store(again.get(upload.id, "ada")) == key
    assert blobs.path(key).read_bytes() == DATA


def test_a_full_disk_is_a_sentence_and_the_file_goes_on_afterwards(uploads: UploadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begin(uploads)
    send(uploads, upload, 0, 5000)
    with pytest.raises(OutOfSpace), uploads.receive(upload.id, "ada", 5000) as receiver:
        receiver.write(DATA[5000:6000])
        raise OSError(errno.ENOSPC, "No space left on device")
    assert uploads.get(upload.id, "ada").received_bytes == 6000, "what had room is kept"
    send(uploads, upload, 6000, len(DATA))
    assert uploads.store(uploads.get(upload.id, "ada")).startswith(hashlib.sha256(DATA).hexdigest())


ON_A_SMALL_DISK = """
import shutil, sys
from pathlib import Path
from studio.domain.errors import OutOfSpace
from studio.domain.upload import NewUpload, Purpose
from studio.store import blobs as blobs_module, uploads as uploads_module
from studio.store.blobs import BlobStore
from studio.store.database import open_database
from studio.store.server_values import ServerValues
from studio.store.uploads import UploadStore

uploads_module.RESERVE_BYTES = blobs_module.RESERVE_BYTES = 0  # the reserve would keep the disk from ever being full
small, away = Path(sys.argv[1]), Path(sys.argv[2])
engine = open_database(f"sqlite:///{small / 'studio.db'}")
uploads = UploadStore(engine, BlobStore(small / "blobs"))
values = ServerValues(engine)
values.put("confirmed", "edit")
ballast = small / "ballast"
data = bytes(range(256)) * 4096 * 2  # 2 MiB
upload = uploads.begin(NewUpload("ada", "film.mp4", len(data), Purpose.MEDIA), max_open=3, admit=lambda _: None)
ballast.write_bytes(b"x" * max(0, shutil.disk_usage(small).free - 2**20))
at, refused = 0, 0
while at < len(data):
    try:
        with uploads.receive(upload.id, "ada", at) as receiver:
            while receiver.left_bytes:
                receiver.write(data[receiver.at_bytes : receiver.at_bytes + 65536])
    except OutOfSpace as error:
        refused += 1
        assert "full" in str(error)
        with ballast.open("r+b") as file:
            file.truncate(max(0, ballast.stat().st_size - 2**20))
    at = uploads.get(upload.id, "ada").received_bytes
    assert refused < 20
assert refused, "the disk was never full"
key = uploads.store(uploads.get(upload.id, "ada"))
assert BlobStore(small / "blobs").path(key).read_bytes() == data
while shutil.disk_usage(small).free:
    with ballast.open("ab") as file:
        try:
            file.write(b"x" * min(65536, shutil.disk_usage(small).free))
        except OSError:
            break
for number in range(2000):
    try:
        values.put(f"late {number}", "x" * 4000)
    except OutOfSpace:
        break
else:
    raise AssertionError("the database was never told that the disk is full")
assert values.get("confirmed") == "edit" and values.get(f"late {number}") is None
ballast.unlink()
values.put("afterwards", "works")
assert open_database(f"sqlite:///{small / 'studio.db'}") and ServerValues(engine).get("afterwards") == "works"
print("whole")
"""


def test_on_a_disk_that_really_fills_up_nothing_confirmed_is_lost(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=8m none "{disk}" && exec "$@"'
    fenced = ["unshare", "-rm", "sh", "-c", mount, "sh"]
    try:
        may_mount = subprocess.run([*fenced, "true"], capture_output=True, timeout=20).returncode == 0
    except FileNotFoundError:
        may_mount = False
    if not may_mount:
        pytest.skip("this system lets nobody mount a small disk of their own (unshare -rm)")
    done = subprocess.run([*fenced, sys.executable, "-c", ON_A_SMALL_DISK, str(disk), str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "whole", done.stderr


def test_a_server_that_is_killed_while_a_piece_arrives_has_every_confirmed_byte(url: str, tmp_path: Path) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("the killed process opens the database by its file")
    engine = open_database(url)
    uploads = UploadStore(engine, BlobStore(tmp_path / "blobs"))
    upload = begin(uploads)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom studio.store.blobs import BlobStore\nfrom studio.store.database import open_database\n"
        "from studio.store.uploads import UploadStore\n"
        "uploads = UploadStore(open_database(sys.argv[1]), BlobStore(Path(sys.argv[2])))\n"
        "with uploads.receive(sys.argv[3], 'ada', 0) as receiver: receiver.write(bytes(range(256)) * 16)\n"
        "with uploads.receive(sys.argv[3], 'ada', 4096) as receiver:\n receiver.write(b'?' * 100000 if receiver.left_bytes > 100000 else b'?' * 4000)\n os._exit(9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, url, str(tmp_path / "blobs"), upload.id], timeout=60)
    assert killed.returncode == 9
    assert uploads.get(upload.id, "ada").received_bytes == 4096
    send(uploads, upload, 4096, len(DATA))
    assert BlobStore(tmp_path / "blobs").path(uploads.store(uploads.get(upload.id, "ada"))).read_bytes() == DATA
    engine.dispose()


def test_two_people_who_send_at_one_persons_expense_are_counted_one_after_the_other(uploads: UploadStore, projects: ProjectStore) -> None:
    """Both announce a file for Ada's projects, or join one to them, at the same moment; there is room for one."""
    project, meet = projects.create(a_project("ada")), threading.Barrier(2)

    def admit(connection: Connection) -> None:
        found = coming_bytes(connection, "ada")
        with suppress(threading.BrokenBarrierError):
            meet.wait(0.5)  # unless the other is kept waiting, both know of no other file now
        if found:
            raise BadSetting("No room.")

    def announce(name: str) -> bool:
        with suppress(BadSetting):
            return uploads.begin(NewUpload(name, "film.mp4", 9, Purpose.MEDIA, project.id), max_open=9, admit=admit, payer="ada") is not None
        return False

    def join(name: str) -> bool:
        upload = begin(uploads, name)
        with suppress(BadSetting):
            return uploads.join(upload.id, name, project.id, admit=admit, payer="ada").project_id is not None
        return False

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(announce, ("bob", "eve"))) == [False, True]
        for upload in (*uploads.list("bob"), *uploads.list("eve")):
            uploads.forget(upload)
        meet.reset()
        assert sorted(people.map(join, ("bob", "eve"))) == [False, True]
