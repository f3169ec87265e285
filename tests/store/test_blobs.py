"""Blobs: whole or not there, found by content, never outside their folder, never at the cost of the user's file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
from pathlib import Path

import pytest

from studio.domain.errors import BadMedia, BadSetting, NotFound, OutOfSpace
from studio.store import blobs as blob_module
from studio.store.blobs import DRAFT_LIFE_S, BlobStore

DATA = os.urandom(3_000_000)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "home" / "blobs")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_a_file_is_copied_and_the_original_is_as_before(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "Holiday – 假期.MOV"
    source.write_bytes(DATA)
    source.chmod(0o640)
    before = source.stat()
    key = blobs.put_file(source)
    assert key == hashlib.sha256(DATA).hexdigest() + ".mov"
    assert blobs.path(key).read_bytes() == DATA and blobs.exists(key)
    after = source.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode, after.st_nlink) == (before.st_ino, before.st_mtime_ns, before.st_mode, 1)
    source.write_bytes(b"changed later")
    assert blobs.path(key).read_bytes() == DATA


def test_the_same_content_is_kept_once(blobs: BlobStore, tmp_path: Path) -> None:
    assert blobs.put_bytes(DATA, ".wav") == blobs.put_bytes(DATA, ".wav")
    assert len(files(tmp_path)) == 1


def test_a_suffix_can_be_given_and_an_odd_one_is_never_kept(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(b"x")
    assert blobs.put_file(source, suffix=".MKV").endswith(".mkv")
    assert blobs.put_file(source).endswith(".bin")
    for odd in (".exe", ".m/../../x", "..", ".py", ".mp4 ", ""):
        assert blobs.put_file(source, suffix=odd).endswith(".bin")


def test_a_stored_blob_cannot_be_written_into_by_accident(blobs: BlobStore) -> None:
    assert blobs.path(blobs.put_bytes(b"x", ".wav")).stat().st_mode & 0o222 == 0


def test_a_draft_becomes_a_blob_when_its_block_ends_well(blobs: BlobStore, tmp_path: Path) -> None:
    with blobs.create(".wav") as draft:
        draft.path.write_bytes(b"RIFF")
        assert draft.path.suffix == ".wav" and not blobs.exists(hashlib.sha256(b"RIFF").hexdigest() + ".wav")
    assert blobs.path(draft.key).read_bytes() == b"RIFF"
    assert files(tmp_path) == [blobs.path(draft.key)]


def test_a_draft_whose_block_fails_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), blobs.create(".wav") as draft:
        draft.path.write_bytes(b"half")
        raise ZeroDivisionError
    assert files(tmp_path) == []


def test_a_draft_may_be_renamed_into_place_by_the_tool_that_writes_it(blobs: BlobStore, tmp_path: Path) -> None:
    with blobs.create(".mp4") as draft:
        beside = draft.path.with_name(f"tool-{draft.path.name}")
        beside.write_bytes(b"moov")
        beside.replace(draft.path)
    assert blobs.path(draft.key).read_bytes() == b"moov"


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "",
        "a" * 64,
        "a" * 64 + ".exe",
        "A" * 64 + ".wav",
        "a" * 63 + "/.wav",
        "a" * 64 + ".wav\n",
        "a" * 64 + ".wav/..",
        "a" * 64 + ".w\x00v",
        "ª" * 64 + ".wav",
        "٣" * 64 + ".wav",
        "a" * 64 + ".wav",
    ],
)
def test_what_is_no_key_is_no_blob(blobs: BlobStore, key: str) -> None:
    assert not blobs.exists(key)
    with pytest.raises(NotFound):
        blobs.path(key)


def test_a_file_that_cannot_be_read_is_a_sentence(blobs: BlobStore, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(BadMedia, match="cannot be opened"):
            blobs.put_file(path)
    assert files(tmp_path) == []


def test_a_full_disk_while_writing_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(OutOfSpace, match="nothing half-written was kept"), blobs.create(".wav") as draft:
        draft.path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert files(tmp_path) == []


def test_a_really_full_device_is_told_as_a_full_disk(blobs: BlobStore, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full to write to")
    with pytest.raises(OutOfSpace), blobs.create(".wav") as draft:
        draft.path.write_bytes(b"x")
        with open("/dev/full", "wb") as full:
            full.write(DATA)
    assert files(tmp_path) == []


def test_a_copy_that_cannot_fit_is_refused_before_it_starts(blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "film.mp4"
    with source.open("wb") as film:
        film.truncate(shutil.disk_usage(tmp_path).total + 2**30)  # sparse: it takes no room here
    monkeypatch.setattr(blob_module, "_copy", lambda *_: pytest.fail("the copy was begun"))
    with pytest.raises(OutOfSpace):
        blobs.put_file(source)
    assert files(tmp_path) == []


def test_other_trouble_with_the_disk_is_not_called_a_full_one(blobs: BlobStore) -> None:
    with pytest.raises(PermissionError), blobs.create(".wav"):
        raise PermissionError(errno.EACCES, "no")


def test_sweeping_removes_old_drafts_and_nothing_else(blobs: BlobStore, tmp_path: Path) -> None:
    key = blobs.put_bytes(b"kept", ".wav")
    drafts = tmp_path / "home" / "blobs" / "drafts"
    old, fresh = drafts / "old.wav", drafts / "fresh.wav"
    for draft in (old, fresh):
        draft.write_bytes(b"x")
    long_ago = fresh.stat().st_mtime - DRAFT_LIFE_S - 60
    os.utime(old, (long_ago, long_ago))
    os.utime(blobs.path(key), (long_ago, long_ago))
    assert blobs.sweep() == 1
    assert sorted(files(tmp_path)) == sorted([fresh, blobs.path(key)])


def test_many_threads_may_keep_the_same_content(blobs: BlobStore, tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(blobs.put_bytes(DATA, ".wav"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1 and len(keys) == 6
    assert files(tmp_path) == [blobs.path(keys[0])]


def test_a_home_below_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadSetting, match="cannot be made"):
        BlobStore(tmp_path / "file" / "blobs")
