"""A recording sent to become a voice: taken as it is from one's own project, refused without tick, and never kept beside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.project import Project
from studio.ui import guidance_routes
from studio.ui.launch import ServeOptions, build_app
from tests.accounts import signed
from tests.bench_fakes import BenchStudio
from tests.studio_fixtures import clip_project, fake_studio

HEADERS = {"content-type": "application/octet-stream"}
WORDS = {"name": "Ada", "whose": "Ada Example", "agreed": "yes"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[BenchStudio, Project, TestClient]]:
    studio = BenchStudio.over(fake_studio(tmp_path_factory.mktemp("home")))
    yield studio, clip_project(studio, clip), TestClient(build_app(studio, ServeOptions()), base_url="http://127.0.0.1:7860")
    studio.close()


def test_a_recording_becomes_a_voice_that_can_be_heard(shared: tuple[BenchStudio, Project, TestClient]) -> None:
    _, project, client = shared
    answer = client.post(f"/voices/{project.id}", params=WORDS, headers=HEADERS, content=b"sound of a voice")
    assert answer.status_code == 200 and [one["whose"] for one in answer.json()["references"]] == ["Ada Example"]
    voice = answer.json()["references"][0]["id"]
    assert client.get(signed(client, f"/media/voice/{project.id}/{voice}")).content == b"sound of a voice"
    assert client.get(signed(client, f"/media/voice/{project.id}/{'0' * 32}")).status_code == 404


@pytest.mark.parametrize(
    ("params", "headers", "content", "words"),
    [
        (WORDS | {"agreed": ""}, HEADERS, b"sound", "Tick"),
        (WORDS, HEADERS, b"", "empty"),
        (WORDS, {"content-type": "text/plain"}, b"sound", "octet-stream"),
        (WORDS | {"whose": ""}, HEADERS, b"sound", "whose voice"),
    ],
)
def test_what_is_refused_is_refused_in_a_sentence(
    shared: tuple[BenchStudio, Project, TestClient], params: dict[str, str], headers: dict[str, str], content: bytes, words: str
) -> None:
    studio, project, client = shared
    before = studio.reference_voices(project.id)
    answer = client.post(f"/voices/{project.id}", params=params, headers=headers, content=content)
    assert answer.status_code == 400 and words in answer.json()["error"] and studio.reference_voices(project.id) == before


def test_a_file_too_large_is_refused_on_the_way(shared: tuple[BenchStudio, Project, TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    _, project, client = shared
    monkeypatch.setattr(guidance_routes, "MAX_RECORDING_BYTES", 10)
    answer = client.post(f"/voices/{project.id}", params=WORDS, headers=HEADERS, content=b"eleven bytes")
    assert answer.status_code == 400 and "ten seconds" in answer.json()["error"]


def test_a_page_elsewhere_cannot_send_one(shared: tuple[BenchStudio, Project, TestClient]) -> None:
    _, project, client = shared
    assert client.post(f"/voices/{project.id}", params=WORDS, headers=HEADERS | {"origin": "http://elsewhere"}, content=b"x").status_code == 403
