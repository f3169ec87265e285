"""Files made to do harm: each is answered in a sentence, opens nothing else, calls nobody, and leaves no trace outside the studio's own folder."""

from __future__ import annotations

import io
import pickle
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from studio.domain.errors import StudioError
from studio.domain.project import JobKind
from studio.formats.sniff import refuse_if_not_text
from studio.media.sniff import Kind, Refusal, judge
from studio.service import Studio
from tests.studio_fixtures import SCRIPT, fake_studio, finish

SECRET = "the-secret-of-somebody-else"


@dataclass
class Listener:
    """A server of somebody else's, and who called."""

    port: int
    calls: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    server = socket.create_server(("127.0.0.1", 0))
    heard = Listener(server.getsockname()[1])

    def listen() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
            heard.calls.append("called")

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield heard
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("box") / "home")
    yield opened
    opened.close()


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000)) + chunk(b"IEND", b"")


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I", 8 + len(body)) + kind + body


def pointing_film(secret: Path, clip: Path) -> bytes:
    """The clip, its samples said to lie in another file: the data reference is no longer itself but a path."""
    data = clip.read_bytes()
    return data.replace(struct.pack(">I", 12) + b"url \0\0\0\1", struct.pack(">I", 12) + b"url \0\0\0\0").replace(b"mdat", b"free", 1)


def hostile_media(secret: Path, clip: Path, port: int) -> dict[str, bytes]:
    there, path = f"http://127.0.0.1:{port}/x.ts", str(secret)
    plain = {
        "a playlist of a file": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{path}\n#EXT-X-ENDLIST\n",
        "a playlist of an address": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n{there}\n#EXT-X-ENDLIST\n",
        "a playlist with a key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{there}"\n#EXTINF:9,\n{clip}\n#EXT-X-ENDLIST\n',
        "a playlist after a mark and blank lines": f"\ufeff\n\n#EXTM3U\n{there}\n",
        "a concat script": f"ffconcat version 1.0\nfile '{path}'\n",
        "a concat script without its name": f"file '{path}'\nfile '{clip}'\n",
        "a session description": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n",
        "an XSPF list": f'<?xml version="1.0"?><playlist><trackList><track><location>file://{path}</location></track></trackList></playlist>',
        "a DASH manifest": f'<MPD><Period><AdaptationSet><Representation><BaseURL>{there}</BaseURL></Representation></AdaptationSet></Period></MPD>',
        "a SMIL": f'<smil><body><video src="{there}"/></body></smil>',
        "an ASX": f'<asx version="3"><entry><ref href="{there}"/></entry></asx>',
        "a PLS": f"[playlist]\nFile1={there}\n",
        "a QuickTime reference": f"rtsptextrtsp://127.0.0.1:{port}/x",
        "an SVG": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{there}"/><script>1</script></svg>',
        "an XML with entities": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{path}">]><x>&a;</x>',
        "a page": f"<html><img src='{there}'></html>",
        "a script": "#!/bin/sh\ntouch /tmp/owned\n",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("../../evil.txt", "x" * 10_000_000)
    binary = {
        "a picture bomb": png(60_000, 60_000),
        "a raw film of absurd size": b"YUV4MPEG2 W99999 H99999 F25:1\nFRAME\n" + bytes(1000),
        "an archive that climbs": archive.getvalue(),
        "a gzip bomb": b"\x1f\x8b" + zlib.compress(b"\0" * 10_000_000),
        "a pickle": pickle.dumps({"a": 1}),
        "a program": b"\x7fELF" + bytes(500),
        "a film that points elsewhere": pointing_film(secret, clip),
        "a QuickTime of references only": box(b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(there) + 1) + there.encode() + b"\0")))),
        "a film within a film within": box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl")))) * 3000),
        "a sound of endless length": b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 2**31, 2**31, 4, 16) + b"data\xff\xff\xff\xff" + bytes(100),
        "a sound of sixty thousand channels": b"RIFF\x24\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 60_000, 48_000, 2**31, 2, 16) + b"data\x00\x10\0\0" + bytes(4096),
        "nothing": b"",
        "zeros": bytes(100_000),
    }
    return {name: text.encode() for name, text in plain.items()} | binary


NAMES = ("../../../../etc/passwd.mp4", "/etc/shadow", "C:\\windows\\x.mp4", "concat:a|b.mp4", "-i.mp4", "http://127.0.0.1/x.mp4", "%03d.png", "a\nb.mp4", "x" * 300 + ".mp4", "..", "|id.mp4", "$(id).mp4")
KINDS = tuple(hostile_media(Path("/s"), Path(__file__), 1))


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_harmful_file_is_answered_and_reaches_nothing(kind: str, studio: Studio, listener: Listener, clip: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    harmful = hostile_media(secret, clip, listener.port)[kind]
    upload = tmp_path / "upload"
    upload.mkdir()
    (upload / "film.mp4").write_bytes(harmful)
    before = everything(tmp_path)
    project = studio.create_project("Harm", "en", "de")
    try:
        studio.upload_media(project.id, upload / "film.mp4", NAMES[KINDS.index(kind) % len(NAMES)])
    except StudioError as error:
        assert SECRET not in str(error) and len(str(error)) < 2000
    else:  # there was something in it after all; then it is worked on like any film, and stays harmless
        studio.import_script(project.id, SCRIPT, "a.srt")
        job = studio.submit(project.id, JobKind.INGEST)
        try:
            finish(studio, job)
        except AssertionError:
            assert SECRET not in studio.job(job.id).message
    assert everything(tmp_path) == before
    assert listener.calls == []
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_trick_is_only_a_name(name: str, studio: Studio, clip: Path, tmp_path: Path) -> None:
    project = studio.create_project("Named", "en", "de")
    before = everything(tmp_path)
    try:
        project = studio.upload_media(project.id, clip, name)
    except StudioError as error:
        assert str(error)
    else:
        assert project.source is not None
        assert studio.playable_source(project.id).resolve().is_relative_to(studio._shop.blobs.path(project.source.blob).parents[2].parent)
    assert everything(tmp_path) == before


def test_playlists_and_pictures_are_known_by_what_is_in_them_whatever_they_are_called(clip: Path) -> None:
    for kind, data in hostile_media(Path("/s"), clip, 1).items():
        found = judge(data)
        if kind.startswith(("a playlist", "a concat", "an XSPF", "a DASH", "a SMIL", "an ASX", "a PLS", "a session", "an SVG", "a picture", "an archive", "a program")):
            assert isinstance(found, Refusal), kind
        assert isinstance(found, Refusal | Kind)
    with pytest.raises(StudioError):
        refuse_if_not_text(pickle.dumps(list(range(9000))), "a.srt")
