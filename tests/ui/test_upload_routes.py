"""Files over HTTP: announced, sent in pieces, broken off, gone on with, taken; and what is refused before a byte arrives."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from studio.domain.project import JobKind, JobState
from studio.domain.rights import Role
from studio.domain.settings import Limits
from studio.domain.upload import QuotaSpent
from studio.media.sniff import HEAD_BYTES
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from studio.ui.upload_routes import PIECE_TYPE, VERSION
from tests.accounts import add_people, client_of
from tests.studio_fixtures import SCRIPT, clip_project, fake_studio, finish

TUS = {"tus-resumable": VERSION}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(opened, ada=Role.EDITOR, bob=Role.EDITOR, rita=Role.REVIEWER, gus=Role.GUEST, tiny=Role.EDITOR)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(studio: Studio) -> Any:
    return build_app(studio, ServeOptions())


@pytest.fixture
def ada(app: Any, studio: Studio) -> Iterator[TestClient]:
    yield client_of(app, "ada")
    for upload in studio.as_user("ada").uploads():
        studio.as_user("ada").drop_upload(upload.id)


def metadata(**told: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def announce(client: TestClient, size: int, name: str = "film.mp4", **told: str) -> httpx.Response:
    headers = {**TUS, "upload-length": str(size), "upload-metadata": metadata(filename=name, **told)}
    return client.post("/uploads", headers=headers)


def begin(client: TestClient, size: int, name: str = "film.mp4", **told: str) -> str:
    answer = announce(client, size, name, **told)
    assert answer.status_code == 201, answer.text
    return f"/{answer.headers['location']}"


def send(client: TestClient, place: str, data: bytes, at: int) -> httpx.Response:
    return client.patch(place, content=data, headers={**TUS, "upload-offset": str(at), "content-type": PIECE_TYPE})


def test_a_film_in_pieces_becomes_a_project_of_its_name(ada: TestClient, studio: Studio, clip: Path) -> None:
    data = clip.read_bytes()
    half = len(data) // 2
    place = begin(ada, len(data), "Küste 岸.mp4")
    assert send(ada, place, data[:half], 0).headers["upload-offset"] == str(half)
    told = ada.head(place, headers=TUS)
    assert (told.headers["upload-offset"], told.headers["upload-length"]) == (str(half), str(len(data)))
    assert told.headers["cache-control"] == "no-store" and told.headers["tus-resumable"] == VERSION
    assert send(ada, place, data[half:], half).status_code == 204
    taken = ada.post(f"{place}/take?from=en&to=de", headers=TUS)
    assert taken.status_code == 200, taken.text
    view = studio.as_user("ada").project(taken.json()["project_id"])
    assert view.project.name == "Küste 岸" and view.project.source is not None and view.project.source.name == "Küste 岸.mp4"
    assert view.job is not None
    finish(studio.as_user("ada"), view.job)
    assert ada.head(place, headers=TUS).status_code == 404


def test_the_server_tells_what_it_speaks(ada: TestClient) -> None:
    able = ada.options("/uploads")
    assert able.status_code == 204 and able.headers["tus-version"] == VERSION and "creation" in able.headers["tus-extension"]
    assert able.headers["tus-max-size"] == str(Limits().max_media_bytes)
    refused = ada.post("/uploads", headers={"tus-resumable": "0.2.2", "upload-length": "5"})
    assert refused.status_code == 412 and refused.headers["tus-version"] == VERSION


def test_a_piece_that_does_not_follow_is_told_where_to_go_on(ada: TestClient) -> None:
    place = begin(ada, 100_000)
    assert send(ada, place, b"\0\0\0\x18ftypmp42" + b"x" * 1000, 0).status_code == 204
    refused = send(ada, place, b"x" * 10, 5000)
    assert refused.status_code == 409 and refused.headers["upload-offset"] == "1012"
    wrong = ada.patch(place, content=b"x", headers={**TUS, "upload-offset": "1012", "content-type": "application/json"})
    assert wrong.status_code == 415
    assert ada.head(place, headers=TUS).headers["upload-offset"] == "1012"


def test_what_is_no_media_is_refused_with_its_first_piece(ada: TestClient) -> None:
    place = begin(ada, 10_000_000, "film.mp4")
    page = b"#EXTM3U\nfile:///etc/passwd\n" + b"#" * HEAD_BYTES
    refused = send(ada, place, page, 0)
    assert refused.status_code == 400 and "playlist" in refused.json()["error"]
    assert ada.head(place, headers=TUS).status_code == 404, "nothing of it is kept"


@pytest.mark.parametrize(
    ("size", "told", "status", "words"),
    [
        (Limits().max_media_bytes + 1, {}, 413, "up to"),
        (Limits().max_subtitle_bytes + 1, {"purpose": "script"}, 413, "up to"),
        (0, {}, 400, "empty"),
        (5, {"purpose": "weights"}, 400, "one of media, bed"),
        (5, {"project": "f" * 32}, 404, "no project"),
        (5, {"filename": "../../etc/passwd"}, 400, "plain name"),
        (5, {"filename": ""}, 400, "plain name"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_a_byte_of_it_arrives(
    ada: TestClient, size: int, told: dict[str, str], status: int, words: str
) -> None:
    named = {"filename": "film.mp4", **told}
    answer = ada.post("/uploads", headers={**TUS, "upload-length": str(size), "upload-metadata": metadata(**named)})
    assert answer.status_code == status and words in answer.json()["error"], answer.text


@pytest.mark.parametrize("length", ["", "-1", "x", "1e9", "٣", "9" * 30])
def test_a_length_that_is_no_number_is_refused(ada: TestClient, length: str) -> None:
    answer = ada.post("/uploads", headers={**TUS, "upload-length": length.encode(), "upload-metadata": metadata(filename="a.mp4")})
    assert answer.status_code == 400 and "number of bytes" in answer.json()["error"]


def test_a_quota_is_kept_before_bytes_arrive_and_told_in_words(app: Any, studio: Studio, clip: Path) -> None:
    studio.set_quota("tiny", 2_000_000)
    tiny = client_of(app, "tiny")
    refused = announce(tiny, 3_000_000)
    assert refused.status_code == 413 and "of your 2.0 MB" in refused.json()["error"]
    first = begin(tiny, 1_500_000)
    assert announce(tiny, 600_000).status_code == 413, "what is on its way counts"
    assert tiny.get("/uploads?room=true").json()["room"] == "1.5 MB of your 2.0 MB are taken."
    tiny.delete(first, headers=TUS)
    clip_project(studio.as_user("tiny"), clip)
    view = tiny.get("/uploads?room=true").json()
    assert view["uploads"] == [] and 0 < view["share"] < 1


def test_a_quota_of_a_shared_project_is_its_owner_s(app: Any, studio: Studio) -> None:
    project = studio.as_user("tiny").create_project("Small", "en", "de")
    studio.as_user("tiny").add_member(project.id, "bob")
    assert announce(client_of(app, "bob"), 3_000_000, project=project.id).status_code == 413
    assert announce(client_of(app, "bob"), 3_000_000).status_code == 201


def test_a_member_s_files_on_their_way_count_for_the_owner_and_no_detour_goes_round_it(app: Any, studio: Studio) -> None:
    project = studio.as_user("tiny").create_project("Small too", "en", "de")
    studio.as_user("tiny").add_member(project.id, "bob")
    bob = studio.as_user("bob")
    places = [begin(client_of(app, "bob"), 1_500_000, project=project.id)]
    assert announce(client_of(app, "bob"), 1_500_000, project=project.id).status_code == 413, "one is coming already"
    assert announce(client_of(app, "tiny"), 1_500_000).status_code == 413, "for the owner too"
    places.append(begin(client_of(app, "bob"), 1_500_000))
    detour = places[-1].rsplit("/", 1)[-1]
    with pytest.raises(QuotaSpent):
        bob.join_upload(detour, project.id)
    assert bob.upload(detour).project_id is None
    for place in places:
        bob.drop_upload(place.rsplit("/", 1)[-1])


def test_a_film_of_which_a_part_is_here_is_not_looked_at_as_if_it_were_whole(ada: TestClient, studio: Studio, clip: Path) -> None:
    data, owner = clip.read_bytes(), studio.as_user("ada")
    project = owner.create_project("Half", "en", "de")
    place = begin(ada, len(data) + 10, project=project.id)
    assert send(ada, place, data, 0).status_code == 204
    answer = ada.post(f"{place}/take", headers=TUS)
    assert answer.status_code == 400 and "not here as a whole" in answer.json()["error"]
    assert owner.upload(place.rsplit("/", 1)[-1]).received_bytes == len(data), "it can go on"


@pytest.mark.parametrize(("name", "status"), [("rita", 403), ("gus", 403), (None, 401)])
def test_who_may_not_edit_may_not_send(app: Any, name: str | None, status: int) -> None:
    assert announce(client_of(app, name), 5).status_code == status


def test_another_person_s_file_is_not_there(app: Any, ada: TestClient) -> None:
    place, bob = begin(ada, 100_000), client_of(app, "bob")
    assert bob.head(place, headers=TUS).status_code == 404
    assert send(bob, place, b"x", 0).status_code == 404
    assert bob.delete(place, headers=TUS).status_code == 404
    assert bob.post(f"{place}/take", headers=TUS).status_code == 404
    assert bob.get("/uploads").json()["uploads"] == [] or all(one["id"] not in place for one in bob.get("/uploads").json()["uploads"])


def test_a_member_who_was_sent_away_sends_no_further(app: Any, studio: Studio) -> None:
    owner = studio.as_user("ada")
    project = owner.create_project("Shared", "en", "de")
    owner.add_member(project.id, "bob")
    bob = client_of(app, "bob")
    place = begin(bob, 10_000, "lines.srt", purpose="script", project=project.id)
    owner.remove_member(project.id, "bob")
    assert send(bob, place, SCRIPT, 0).status_code == 404
    studio.as_user("bob").drop_upload(place.rsplit("/", 1)[-1])


def test_no_second_way_in_stays_open(ada: TestClient) -> None:
    sent = ada.post("/gradio_api/upload", files={"files": ("film.mp4", b"x" * 100)})
    assert sent.status_code == 404


def test_a_connection_that_breaks_off_halfway_keeps_what_came(studio: Studio, clip: Path) -> None:
    """A real server, a real socket that is closed in the middle of a piece."""
    import socket

    import uvicorn

    alone = fake_studio(studio._shop.cache.parent.parent / "alone")
    server = uvicorn.Server(uvicorn.Config(build_app(alone, ServeOptions()), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    data = clip.read_bytes()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        place = client.post("/uploads", headers={**TUS, "upload-length": str(len(data)), "upload-metadata": metadata(filename="film.mp4")}).headers["location"]
        head = f"PATCH /{place} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: {PIECE_TYPE}\r\ncontent-length: {len(data)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(head.encode() + data[: len(data) // 2])
            time.sleep(0.2)
        offset, until = 0, time.monotonic() + 20
        while not offset and time.monotonic() < until:
            offset = int(client.head(f"/{place}", headers=TUS).headers["upload-offset"])
        assert 0 < offset <= len(data) // 2
        rest = client.patch(f"/{place}", content=data[offset:], headers={**TUS, "upload-offset": str(offset), "content-type": PIECE_TYPE})
        assert rest.status_code == 204
        project_id = client.post(f"/{place}/take?from=en&to=de", headers=TUS).json()["project_id"]
        source = alone.project(project_id).project.source
        assert source is not None and alone._shop.blobs.path(source.blob).read_bytes() == data
    while (job := alone.active_job(project_id)) is not None and job.kind is JobKind.INGEST and job.state is not JobState.DONE:
        time.sleep(0.02)
    server.should_exit = True
    thread.join(10)
    alone.close()
