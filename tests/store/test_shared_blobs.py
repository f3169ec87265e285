"""Stored files on a folder, in fsspec's memory and on S3 (moto's server on loopback): one promise for all, and what only a shared store can lose."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, StudioError
from studio.store import shared_blobs
from studio.store.blobs import BlobStore
from studio.store.shared_blobs import USED_JUST_NOW_S, SharedBlobs, open_blobs

ABSENT = "f" * 64 + ".wav"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 that lives in this process, with a bucket `studio`."""
    pytest.importorskip("moto", reason="moto is not installed: see requirements-dev.txt")
    pytest.importorskip("s3fs", reason="s3fs is not installed: see requirements-cluster.txt")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty place on it, and an environment as an administrator sets it."""
    import urllib.request

    settings = {"AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "studio", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/studio", method="PUT"), timeout=10).close()
    return f"s3://studio/{tmp_path.name}"


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return request.getfixturevalue("s3")
    shared = tmp_path / "shared"
    return {"folder": str(shared), "file": f"file://{shared}", "memory": f"memory://{tmp_path.name}"}[request.param]


def machine(where: str, tmp_path: Path, name: str = "one", **options: int) -> BlobStore:
    return open_blobs(where, tmp_path / name, **options)


def test_what_one_machine_stores_another_reads(where: str, tmp_path: Path) -> None:
    one, other = machine(where, tmp_path), machine(where, tmp_path, "other")
    key = one.put_bytes(b"a take", ".wav")
    assert other.exists(key) and other.size_bytes(key) == 6 and other.path(key).read_bytes() == b"a take"
    assert other.path(key) == other.path(key)


def test_what_was_never_stored_is_not_there(where: str, tmp_path: Path) -> None:
    store = machine(where, tmp_path)
    assert not store.exists(ABSENT) and not store.exists("../../etc/passwd")
    for ask in (store.path, store.size_bytes):
        with pytest.raises(NotFound):
            ask(ABSENT)
    with pytest.raises(NotFound):
        store.path("../" * 8 + "etc/passwd")


def test_a_file_that_fails_halfway_leaves_nothing_on_either_side(where: str, tmp_path: Path) -> None:
    store = machine(where, tmp_path)
    with pytest.raises(ZeroDivisionError), store.create(".wav") as draft:
        draft.path.write_bytes(b"half")
        raise ZeroDivisionError
    assert store.older_than(time.time() + 60) == ()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_nobody_names_is_removed_everywhere_unless_it_was_stored_again(where: str, tmp_path: Path) -> None:
    one, other = machine(where, tmp_path), machine(where, tmp_path, "other")
    key = one.put_bytes(b"old", ".wav")
    assert one.older_than(time.time() + 60) == (key,) and one.older_than(time.time() - 60) == ()
    assert one.remove(key, time.time() - 60) is None and one.exists(key)
    assert one.remove(key, time.time() + 60) == 3
    assert not one.exists(key) and not other.exists(key) and one.remove(key, time.time() + 60) is None


def test_an_upload_becomes_a_file_for_all(where: str, tmp_path: Path) -> None:
    one = machine(where, tmp_path)
    key = one.put_bytes(b"whole", ".mp4")
    part = one.parts / "part"
    part.write_bytes(b"whole")
    assert one.adopt(part, key) == key and not part.exists()
    assert machine(where, tmp_path, "other").path(key).read_bytes() == b"whole"


@pytest.mark.parametrize("where", ["memory", "s3"], indirect=True)
def test_a_copy_is_fetched_once_and_held_against_its_hash(where: str, tmp_path: Path) -> None:
    one, other = machine(where, tmp_path), machine(where, tmp_path, "other")
    key = one.put_bytes(b"true", ".wav")
    other.path(key)
    assert isinstance(one, SharedBlobs)
    one._files.pipe_file(one._object(key), b"false")
    assert other.path(key).read_bytes() == b"true", "a copy that is here needs no store"
    with pytest.raises(StudioError, match="damaged in"):
        machine(where, tmp_path, "third").path(key)
    assert not list((tmp_path / "third").glob("??/??/*")) and not list((tmp_path / "third" / "drafts").iterdir())


def test_the_copies_used_longest_ago_go_and_come_back_when_asked_for(tmp_path: Path) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path, cache_bytes=3500)
    keys = [store.put_bytes(bytes([number]) * 1000, ".wav") for number in range(3)]
    places = [tmp_path / "one" / key[:2] / key[2:4] / key for key in keys]
    for age, place in enumerate(places):
        os.utime(place, (time.time() - 2 * USED_JUST_NOW_S + age, place.stat().st_mtime))
    store.path(keys[0])  # used again
    last = store.put_bytes(b"x" * 1000, ".wav")
    assert [place.is_file() for place in places] == [True, False, True]
    assert store.exists(last) and store.exists(keys[1]) and store.path(keys[1]).read_bytes() == b"\x01" * 1000


def test_what_was_used_just_now_stays_however_full_the_cache_is(tmp_path: Path) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path, cache_bytes=100)
    places = [store.path(store.put_bytes(bytes([number]) * 1000, ".wav")) for number in range(3)]
    assert all(place.is_file() for place in places)


def test_a_file_that_cannot_be_sent_is_not_kept_on_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path)
    monkeypatch.setattr(type(store._files), "put_file", lambda *_, **__: (_ for _ in ()).throw(ConnectionResetError("gone")))
    with pytest.raises(StudioError, match=r"does not answer \(gone\)"):
        store.put_bytes(b"lost?", ".wav")
    assert not list((tmp_path / "one").glob("??/??/*"))


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ("ftp://host/files", "not at ftp://"),
        ("https://host/files", "not at https://"),
        ("s3://key:secret@bucket/files", "leave it to the environment"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_sentence(where: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=part) as caught:
        open_blobs(where, tmp_path)
    assert "secret@" not in str(caught.value)


def test_a_bucket_that_is_not_there_and_a_store_that_does_not_answer_are_sentences(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="There is no bucket for s3://nowhere/files"):
        open_blobs("s3://nowhere/files", tmp_path / "one")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StudioError, match="does not answer"):
        open_blobs(s3, tmp_path / "two")


def test_without_the_library_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(BadSetting, match=r"requirements-cluster\.txt"):
        open_blobs("s3://bucket/files", tmp_path)


def test_what_a_long_job_was_given_stays_until_the_job_is_over(tmp_path: Path) -> None:
    """Two programs of one machine share its copies: whichever lets go of some must know what the other still works on."""
    where = f"memory://{tmp_path.name}"
    page, worker = machine(where, tmp_path, cache_bytes=1500), machine(where, tmp_path, cache_bytes=1500)
    key = worker.put_bytes(b"f" * 1000, ".mp4")
    with worker.borrowing():
        film = worker.path(key)
        began = time.time() - 3 * USED_JUST_NOW_S  # as if the job had begun long ago, and had been given the film then
        [note] = (tmp_path / "one" / "borrowers").iterdir()
        os.utime(note, (began, began))
        os.utime(film, (began + 1, film.stat().st_mtime))
        page.put_bytes(b"x" * 1000, ".wav")
        assert film.is_file()
    page.put_bytes(b"y" * 1000, ".wav")
    assert not film.exists() and worker.path(key).read_bytes() == b"f" * 1000


def test_who_was_killed_while_borrowing_borrows_nothing_any_more(tmp_path: Path) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path, cache_bytes=1500)
    left = tmp_path / "one" / "borrowers" / "left"
    left.touch()
    os.utime(left, (1.0, 1.0))
    old = store.path(store.put_bytes(b"o" * 1000, ".wav"))
    os.utime(old, (2.0, old.stat().st_mtime))
    store.put_bytes(b"n" * 1000, ".wav")
    assert not old.exists() and not left.exists()


def test_a_shared_folder_that_is_gone_is_told_and_one_that_came_back_too(tmp_path: Path) -> None:
    store = machine(str(tmp_path / "mounted"), tmp_path)
    store.require_reachable()
    (tmp_path / "mounted").rename(tmp_path / "elsewhere")
    (tmp_path / "mounted").mkdir()  # the place of the mount, empty
    with pytest.raises(StudioError, match="mounted of the files cannot be reached .No such file or directory.; mount it again"):
        store.require_reachable()
    (tmp_path / "mounted").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "mounted")
    store.require_reachable()


def test_an_object_store_is_asked_once_however_many_probes_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path)
    assert isinstance(store, SharedBlobs)
    asked: list[str] = []

    def silent(_self: object, path: str, **_options: object) -> None:
        asked.append(path)
        raise ConnectionResetError("gone")

    store.require_reachable()
    monkeypatch.setattr(type(store._files), "info", silent)
    store.require_reachable()
    assert not asked, "what was heard just now still counts"
    store._asked_s = float("-inf")
    for _ in range(3):
        with pytest.raises(StudioError, match=r"does not answer \(gone\)"):
            store.require_reachable()
    assert len(asked) == 1


def test_a_probe_does_not_wait_for_one_that_waits_for_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = machine(f"memory://{tmp_path.name}", tmp_path)
    assert isinstance(store, SharedBlobs)
    monkeypatch.setattr(shared_blobs, "ANSWERS_WITHIN_S", 0.01)
    with store._asking, pytest.raises(StudioError, match="does not answer; look at it"):
        store.require_reachable()


def test_an_emptied_bucket_is_told(s3: str, tmp_path: Path) -> None:
    store = machine(s3, tmp_path)
    assert isinstance(store, SharedBlobs)
    store.require_reachable()
    store._files.rm_file(f"{store._root}/lipline.txt")
    store._asked_s = float("-inf")
    with pytest.raises(StudioError, match=r"lacks the file lipline\.txt"):
        store.require_reachable()
