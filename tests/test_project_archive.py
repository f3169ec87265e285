"""A whole project out and in again: nothing is lost, nothing is believed."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadArchive, BadMedia, OutOfSpace, StudioError
from studio.domain.line import Line, LineStatus, SpeakerProfile
from studio.domain.plain import to_plain
from studio.domain.project import Cast, JobKind, Project
from studio.domain.timing import TimeSpan
from studio.formats import project_zip
from studio.project_archive import IMPORTED_MARK, ProjectDocument, document_of
from studio.service import Studio
from tests.formats.made_scripts import NASTY
from tests.studio_fixtures import clip_project, fake_studio, finish

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("archive"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def project(studio: Studio, clip: Path) -> Project:
    """A project with everything in it: takes, wordings, notes that answer and mention, a bed."""
    made = clip_project(studio, clip)
    finish(studio, studio.submit(made.id, JobKind.VOICE))
    line = studio.rows(made.id)[0].line
    note = studio.add_note(made.id, "see #2", line_id=line.id)
    studio.add_note(made.id, "done", reply_to=note.id)
    return studio.upload_bed(made.id, clip, "bed.mp4")


@pytest.fixture(scope="module")
def archive(studio: Studio, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "pilot.zip"
    studio.write_project(project.id, out)
    return out


def parts_of(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(path: Path, parts: dict[str, bytes], *, packed: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return path


def changed(archive: Path, out: Path, change: Change) -> Path:
    parts = parts_of(archive)
    plain = json.loads(parts["project.json"])
    change(plain)
    return zipped(out, parts | {"project.json": json.dumps(plain).encode()})


def neutral(document: ProjectDocument) -> Any:
    """A document without its ids and the marks of those who wrote notes: two copies of one project are equal."""
    text = json.dumps(to_plain(document))
    named = [one.id for some in (document.speakers, document.lines, document.takes, document.references, document.notes, document.candidates) for one in some]
    for number, key in enumerate(named):
        text = text.replace(key, f"id{number}")
    return json.loads(text.replace(IMPORTED_MARK, ""))


def test_everything_comes_back_under_new_ids_and_a_new_owner(studio: Studio, project: Project, archive: Path) -> None:
    other = studio.as_user("bea")
    made = other.take_in_project(archive, "pilot.zip")
    before, after = document_of(studio._shop, project), document_of(studio._shop, made)
    assert made.owner == "bea"
    assert neutral(before) == neutral(after)
    assert before.takes and before.candidates and before.notes and before.bed_blob
    old, new = ({one.id for some in (doc.lines, doc.takes, doc.notes, doc.speakers) for one in some} for doc in (before, after))
    assert not old & new
    rows = other.rows(made.id)
    assert all(row.take is not None and not row.is_take_stale for row in rows), "the takes are as fresh as they were"
    assert f"#2{{{rows[1].line.id}}}" in after.notes[0].text, "a mention leads to the line it named"
    assert all(note.by.endswith(IMPORTED_MARK) for note in after.notes), "nobody here is taken for who wrote it there"


def test_the_same_project_gives_the_same_bytes(studio: Studio, project: Project, archive: Path, tmp_path: Path) -> None:
    studio.write_project(project.id, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_an_import_is_dubbed_on_like_any_project(studio: Studio, archive: Path) -> None:
    made = studio.take_in_project(archive, "pilot.zip")
    finish(studio, studio.submit(made.id, JobKind.RENDER))


def test_someone_elses_project_cannot_be_taken_out(studio: Studio, project: Project, tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        studio.as_user("mallory").write_project(project.id, tmp_path / "theirs.zip")
    assert not (tmp_path / "theirs.zip").exists()


def first(plain: dict[str, Any], kind: str) -> dict[str, Any]:
    return plain[kind][0]


FORGED: dict[str, Change] = {
    "a field nobody knows": lambda plain: plain.update(owner="admin"),
    "a field that is missing": lambda plain: plain.pop("name"),
    "a number for a text": lambda plain: plain.update(name=7),
    "a text for a number": lambda plain: first(plain, "lines")["span"].update(start_ms="0"),
    "a number too large": lambda plain: first(plain, "lines")["span"].update(end_ms=2**60),
    "a line that ends before it begins": lambda plain: first(plain, "lines")["span"].update(start_ms=9, end_ms=5),
    "a status nobody knows": lambda plain: first(plain, "lines").update(status="root"),
    "a speaker that is not there": lambda plain: first(plain, "lines").update(speaker_id="0" * 32),
    "a take of another line": lambda plain: first(plain, "lines").update(take_id=plain["lines"][1]["take_id"]),
    "an id twice": lambda plain: plain["lines"].append(dict(first(plain, "lines"))),
    "a text far too long": lambda plain: first(plain, "lines").update(target_text="x" * 3000),
    "half a character": lambda plain: first(plain, "lines").update(target_text="\ud83d"),
    "a zero byte": lambda plain: first(plain, "lines").update(target_text="a\0b"),
    "no number": lambda plain: first(plain, "takes")["report"].update(rate_ratio=float("nan")),
    "another version": lambda plain: plain.update(version=99),
    "another format": lambda plain: plain.update(format="tar"),
    "a language nobody speaks": lambda plain: plain.update(target_language="../../etc"),
    "a file of someone else's": lambda plain: first(plain, "takes").update(raw_blob="0" * 64 + ".wav"),
    "a path for a file": lambda plain: first(plain, "takes").update(raw_blob="../../../etc/passwd"),
    "a film for a take": lambda plain: first(plain, "takes").update(fitted_blob=plain["source"]["blob"]),
    "settings out of range": lambda plain: plain["settings"].update(sound_shift_ms=10**9),
    "a note that answers nothing": lambda plain: first(plain, "notes").update(reply_to="0" * 32),
    "a list for a record": lambda plain: plain.update(settings=[]),
    "no record at all": lambda plain: plain.update(lines=[None]),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_what_does_not_fit_is_refused_in_a_sentence_and_leaves_nothing(studio: Studio, archive: Path, tmp_path: Path, forgery: str) -> None:
    path = changed(archive, tmp_path / "forged.zip", FORGED[forgery])
    before = len(studio.projects())
    with pytest.raises(BadArchive, match="“forged.zip” cannot be taken in as a project: "):
        studio.take_in_project(path, "forged.zip")
    assert len(studio.projects()) == before
    assert not list(tmp_path.glob("**/passwd"))


def archives(parts: dict[str, bytes]) -> dict[str, tuple[dict[str, bytes], bool]]:
    blob = next(name for name in parts if name.startswith("blobs/"))
    sound = next(name for name in parts if name.endswith(".wav"))
    return {
        "a part under a path": (parts | {"../../evil.txt": b"x"}, False),
        "an absolute part": (parts | {"/etc/cron.d/evil": b"x"}, False),
        "a part with a drive": (parts | {"C:\\evil": b"x"}, False),
        "a file nobody names": (parts | {f"blobs/{'0' * 64}.bin": b"x"}, False),
        "a pickle": (parts | {"data.pkl": b"\x80\x04."}, False),
        "a film that is another": (parts | {blob: b"x" * 100}, False),
        "a sound that is another": (parts | {sound: parts[sound][:-2] + b"zz"}, False),
        "no document": ({name: data for name, data in parts.items() if name != "project.json"}, False),
        "no film": ({name: data for name, data in parts.items() if name != blob}, False),
        "packed media": (parts, True),
        "a document that is none": (parts | {"project.json": b"{" * 100_000}, False),
        **{f"nested {deep} down": (parts | {"project.json": b'{"format":"lipline-project","version":1,"x":' + b"[" * deep + b"]" * deep + b"}"}, False) for deep in (800, 900, 950)},
        "no JSON": (parts | {"project.json": b"\xff\xfe"}, False),
    }


@pytest.mark.parametrize("trick", archives({"blobs/a.wav": b""}))
def test_an_archive_with_a_trick_is_refused(studio: Studio, archive: Path, tmp_path: Path, trick: str) -> None:
    parts, is_packed = archives(parts_of(archive))[trick]
    path = zipped(tmp_path / "trick.zip", parts, packed=is_packed)
    before = sorted(one for one in tmp_path.parent.glob("**/*") if one.name.endswith(("evil", "evil.txt")))
    with pytest.raises(BadArchive):
        studio.take_in_project(path, "trick.zip")
    assert sorted(one for one in tmp_path.parent.glob("**/*") if one.name.endswith(("evil", "evil.txt"))) == before == []


def test_a_film_that_is_none_is_refused_by_what_is_in_it(studio: Studio, archive: Path, tmp_path: Path) -> None:
    playlist = b"#EXTM3U\n/etc/passwd\n"
    key = f"{hashlib.sha256(playlist).hexdigest()}.mp4"

    def swap(plain: dict[str, Any]) -> None:
        plain["source"]["blob"] = key

    parts = parts_of(changed(archive, tmp_path / "a.zip", swap))
    old = json.loads(parts_of(archive)["project.json"])["source"]["blob"]
    if old != json.loads(parts["project.json"])["bed_blob"]:
        parts.pop(f"blobs/{old}")
    with pytest.raises(BadMedia, match="playlist"):
        studio.take_in_project(zipped(tmp_path / "b.zip", parts | {f"blobs/{key}": playlist}), "b.zip")


def test_a_document_that_would_unpack_to_far_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, studio: Studio, archive: Path) -> None:
    monkeypatch.setattr(project_zip, "MAX_DOCUMENT_BYTES", 100)
    with pytest.raises(BadArchive, match="would unpack to"):
        studio.take_in_project(archive, "bomb.zip")


def test_a_list_of_parts_that_is_far_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch, studio: Studio, archive: Path) -> None:
    monkeypatch.setattr(project_zip, "MAX_PARTS", 2)
    with pytest.raises(BadArchive, match="claims"):
        studio.take_in_project(archive, "bomb.zip")


def test_a_list_of_parts_told_somewhere_else_than_where_it_is_read_is_refused(studio: Studio, tmp_path: Path) -> None:
    """`zipfile` reads the large end record right before its locator; a small one elsewhere, which the locator points to, is a decoy."""
    def end64(count: int) -> bytes:
        return struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, 0, 0)

    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (tmp_path / "decoy.zip").write_bytes(end64(1) + end64(10**9) + locator + last)
    with pytest.raises(BadArchive, match="list of parts is damaged"):
        studio.take_in_project(tmp_path / "decoy.zip", "decoy.zip")


def test_a_project_that_cannot_be_written_down_whole_lies_in_no_bin(studio: Studio, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutOfSpace("the studio")

    before = len(studio.binned())
    monkeypatch.setattr(studio._shop.lines, "replace_cast", full)
    with pytest.raises(OutOfSpace):
        studio.take_in_project(archive, "project.zip")
    assert len(studio.binned()) == before


def test_what_is_no_zip_is_told_so(studio: Studio, tmp_path: Path) -> None:
    for data in (b"", b"PK", b"PK\x05\x06", b"x" * 100_000, b"PK\x05\x06" + b"\xff" * 18):
        (tmp_path / "no.zip").write_bytes(data)
        with pytest.raises(BadArchive):
            studio.take_in_project(tmp_path / "no.zip", "no.zip")


TYPED = st.sampled_from(NASTY).filter(lambda text: "\0" not in text) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(texts=st.lists(TYPED, min_size=1, max_size=4), status=st.sampled_from(LineStatus), gap=st.integers(1, 5000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_typed_comes_back(studio: Studio, tmp_path: Path, texts: list[str], status: LineStatus, gap: int) -> None:
    project = studio.create_project("Typed", "he", "en")
    speaker = SpeakerProfile(uuid.uuid4().hex, "Ann & <b>Bob</b>")
    lines = tuple(Line(uuid.uuid4().hex, TimeSpan(n * gap, n * gap + gap), speaker.id, text, text[::-1], status) for n, text in enumerate(texts))
    studio._shop.lines.replace_cast(project.id, Cast((speaker,), lines), by="local")
    out = tmp_path / "typed.zip"
    studio.write_project(project.id, out)
    made = studio.take_in_project(out, "typed.zip")
    assert neutral(document_of(studio._shop, project)) == neutral(document_of(studio._shop, made))
    studio.delete_project(project.id)
    studio.delete_project(made.id)


def test_an_engine_that_is_not_here_is_left_to_the_studio(studio: Studio, archive: Path, tmp_path: Path) -> None:
    """Found by fuzzing: the project was taken in and could not be opened."""
    path = changed(archive, tmp_path / "a.zip", lambda plain: plain["settings"]["engines"].update(speaker="avto", translator="of a later studio"))
    made = studio.take_in_project(path, "a.zip")
    assert studio.rows(made.id) and made.settings.engines.speaker == made.settings.engines.translator == "auto"


def test_bytes_changed_at_random_are_answered(studio: Studio, archive: Path, tmp_path: Path) -> None:
    draw, data, path = random.Random(7), archive.read_bytes(), tmp_path / "random.zip"
    for _ in range(25):
        broken = bytearray(data)
        for _ in range(draw.choice((1, 5, 50))):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path.write_bytes(broken[: draw.choice((len(broken), draw.randrange(len(broken))))])
        try:
            studio.delete_project(studio.take_in_project(path, "random.zip").id)
        except StudioError as error:
            assert str(error).startswith("“")
