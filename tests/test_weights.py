"""Public weights: known by name, fetched by the real hub client from a stand-in for its server."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.weights import fetch_weights, known_weights

REPOSITORY, COMMIT = "Qwen/Qwen2.5-0.5B-Instruct", "0123456789abcdef0123456789abcdef01234567"
FILES = {"config.json": b'{"model_type": "qwen2"}', "model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", "evil.bin": b"pickle"}
VOICE = "k2-fsa/ZipVoice"
VOICE_FILES = {"zipvoice/model.pt": b"weights", "zipvoice/model.json": b"{}", "zipvoice/tokens.txt": b"_\t0", "zipvoice_distill/model.json": b"{}", "README.md": b"#"}
HELD = {REPOSITORY: FILES, VOICE: VOICE_FILES}


class Hub(BaseHTTPRequestHandler):
    """The two calls of a hub that a download makes: which files there are, and the files."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path, headers = self.path.split("?")[0], {"X-Repo-Commit": COMMIT}
        repository = next((one for one in HELD if one in path), REPOSITORY)
        files, name = HELD[repository], path.partition(f"/{repository}/resolve/{COMMIT}/")[2]
        if path.startswith(f"/api/models/{repository}"):
            listed = [{"rfilename": known} for known in files]
            tree = [{"type": "file", "path": known, "size": len(data), "oid": hashlib.sha1(data).hexdigest()} for known, data in files.items()]
            body = json.dumps(tree if "/tree/" in path else {"id": repository, "sha": COMMIT, "siblings": listed}).encode()
            headers["Content-Type"] = "application/json"
        elif name in files:
            body = files[name]
            headers["ETag"] = f'"{hashlib.sha1(body).hexdigest()}"'
        else:
            self.send_error(404)
            return
        self.send_response(200)
        for key, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def models(endpoint: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    given = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    argv = [sys.executable, "-m", "studio", "models", *words]
    return subprocess.run(argv, env=os.environ | given, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parent.parent, stdin=subprocess.DEVNULL)


def test_named_weights_are_fetched_from_the_hub_and_pickles_are_left_there(hub: str, tmp_path: Path) -> None:
    done = models(hub, tmp_path, "pull", "qwen2.5-0.5b-instruct")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip().splitlines()[-1])
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors"}
    assert (folder / "config.json").read_bytes() == FILES["config.json"]


def test_of_weights_that_name_their_files_these_are_fetched_and_nothing_beside_them(hub: str, tmp_path: Path) -> None:
    done = models(hub, tmp_path, "pull", "zipvoice")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip().splitlines()[-1])
    assert folder.name == "zipvoice"
    assert {path.name for path in folder.iterdir()} == {"model.pt", "model.json", "tokens.txt"}
    assert {path.name for path in folder.parent.iterdir()} == {"zipvoice"}
    listed = models(hub, tmp_path).stdout.splitlines()
    assert [row.split()[1] for row in listed if row.startswith(("zipvoice ", "zipvoice-distill "))] == ["here", "to"]


def test_a_hub_that_lacks_a_file_is_told_by_its_name(hub: str, tmp_path: Path) -> None:
    done = models(hub, tmp_path, "pull", "zipvoice-distill")
    assert done.returncode == 2
    assert "has no zipvoice_distill/model.pt" in done.stderr


def test_a_hub_that_cannot_be_reached_gets_one_sentence(tmp_path: Path) -> None:
    done = models("http://127.0.0.1:9", tmp_path, "--fetch", "qwen2.5-0.5b-instruct")
    assert done.returncode == 2
    assert "try again when this machine is online" in done.stderr
    assert "Traceback" not in done.stderr


def test_bundled_weights_are_here_and_public_ones_have_a_licence() -> None:
    known = known_weights()
    assert all(one.is_here for one in known if one.is_bundled)
    assert any(one.is_bundled for one in known)
    assert all(one.licence and one.place for one in known)


@pytest.mark.parametrize("name", ["nope", "translation-small"])
def test_what_cannot_be_fetched_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(BadSetting, match="nothing to fetch|no weights called"):
        fetch_weights(name)
