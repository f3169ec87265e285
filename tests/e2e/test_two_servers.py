"""Two page servers on one PostgreSQL and one folder of files: what one is told the other shows, and one that is killed in mid-edit loses nothing."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from studio.bootstrap import Place, open_studio
from studio.domain.project import Project
from studio.service import Studio
from tests.e2e.commandline import environment
from tests.studio_fixtures import clip_project, fake_rack

ROOT = Path(__file__).resolve().parents[2]
SEEN_WITHIN_S = 2.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass
class Server:
    """A page server, and calls of one page to it."""

    process: subprocess.Popen[str]
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        place = urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"content-type": "application/json", "origin": self.address, "cookie": cookie}
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, (response.status, content[:200])
            return json.loads(content)
        finally:
            connection.close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def started(place: Place) -> Server:
    argv = [sys.executable, "-m", "studio", "serve", "--no-demo", "--port", "0", "--home", str(place.home), "--database", place.database_url]
    process = subprocess.Popen(argv, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in process.stdout:
        if "http://" in line:
            return Server(process, next(word for word in line.split() if word.startswith("http://")).rstrip("/"))
    raise AssertionError("the server ended before it had an address")


@pytest.fixture
def place(tmp_path: Path, postgres_url: str) -> Place:
    return Place(tmp_path / "home", postgres_url)


@pytest.fixture
def studio(place: Place) -> Iterator[Studio]:
    studio = open_studio(place, engines=fake_rack(), workers=0)
    yield studio
    studio.close()


@pytest.fixture
def project(studio: Studio, clip: Path) -> Project:
    return clip_project(studio, clip)


@pytest.fixture
def servers(place: Place, project: Project) -> Iterator[tuple[Server, Server]]:
    both: list[Server] = []
    threads = [threading.Thread(target=lambda: both.append(started(place))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    yield both[0], both[1]
    for one in both:
        one.process.kill()
        one.process.communicate()


def rows(server: Server, project: Project) -> dict[str, Any]:
    return server.ask("GET", f"/desk/{project.id}/rows?since=&also=")


def test_an_edit_at_one_server_is_seen_at_the_other_and_a_killed_one_loses_nothing(servers: tuple[Server, Server], studio: Studio, project: Project) -> None:
    first, second = servers
    line_id = rows(first, project)["order"][0]
    assert rows(second, project)["order"][0] == line_id  # both keep the project's rows in memory now
    for number in range(5):
        text = f"told to server {number % 2}"
        servers[number % 2].ask("POST", f"/desk/{project.id}/revise", {"line_id": line_id, "target": text})
        told = time.monotonic()
        while next(row for row in rows(servers[1 - number % 2], project)["rows"] if row["id"] == line_id)["target"] != text:
            assert time.monotonic() - told < SEEN_WITHIN_S

    confirmed: list[str] = []
    threading.Timer(0.7, first.kill).start()
    with pytest.raises((OSError, http.client.HTTPException)):
        for number in range(10_000):
            first.ask("POST", f"/desk/{project.id}/revise", {"line_id": line_id, "target": f"edit {number}"})
            confirmed.append(f"edit {number}")
    assert confirmed, "it was killed before anything was confirmed"
    second.ask("POST", f"/desk/{project.id}/revise", {"line_id": line_id, "target": "the other goes on"})
    texts = [edit.after for edit in reversed(studio._shop.lines.history(project.id, line_id, limit=100_000)) if edit.field == "target_text"]
    assert [text for text in texts if text in confirmed] == confirmed
    assert next(row for row in rows(second, project)["rows"] if row["id"] == line_id)["target"] == "the other goes on"
