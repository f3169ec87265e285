"""The proxies we ship, in front of a real studio on loopback: logins, ranges, uploads in pieces, and what must not be passed on."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn

from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from studio.ui.trust import Trust
from tests.accounts import add_people, password_of
from tests.conftest import ROOT
from tests.studio_fixtures import clip_project, fake_studio
from tests.ui.test_upload_routes import PIECE_TYPE, TUS, metadata

DEPLOY = ROOT / "deploy"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(opened, ada=Role.ADMIN, bob=Role.EDITOR)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def upstream(studio: Studio) -> Iterator[int]:
    """The port of a studio that believes proxies on this machine."""
    port = free_port()
    app = build_app(studio, ServeOptions(trust=Trust.read("127.0.0.1"), with_demo=False))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, proxy_headers=False, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _until(lambda: server.started)
    yield port
    server.should_exit = True
    thread.join(20)


def _until(is_so: object, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.05)


@contextmanager
def _running(argv: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        def answers() -> bool:
            assert process.poll() is None, process.stderr.read()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        _until(answers)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def nginx(upstream: int, folder: Path) -> Iterator[str]:
    """Our file as it is but for names, ports and certificate, inside the smallest frame that takes it."""
    secure, plain = free_port(), free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    ours = (DEPLOY / "nginx.conf").read_text("utf-8").replace("dub.example.org", "localhost").replace("127.0.0.1:7860", f"127.0.0.1:{upstream}")
    ours = re.sub(r"^ *listen \[::\].*\n", "", ours, flags=re.MULTILINE)
    ours = ours.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;")
    ours = re.sub(r"/etc/letsencrypt/\S*fullchain.pem", str(folder / "cert.pem"), ours)
    ours = re.sub(r"/etc/letsencrypt/\S*privkey.pem", str(folder / "key.pem"), ours)
    scratch = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    frame = f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr warn;\nevents {{}}\nhttp {{\n{scratch}{ours}\n}}\n"
    (folder / "frame.conf").write_text(frame, encoding="utf-8")
    argv = [str(shutil.which("nginx") or "/usr/sbin/nginx"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "frame.conf")]
    checked = subprocess.run([*argv, "-t"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert checked.returncode == 0, checked.stderr
    folder.chmod(0o755)
    with _running(argv, secure):
        yield f"https://localhost:{secure}"


@contextmanager
def caddy(upstream: int, folder: Path) -> Iterator[str]:
    port = free_port()
    environment = os.environ | {
        "LIPLINE_SITE": f"http://127.0.0.1:{port}", "LIPLINE_UPSTREAM": f"127.0.0.1:{upstream}",
        "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder),
    }  # fmt: skip
    argv = [str(shutil.which("caddy")), "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    checked = subprocess.run([argv[0], "validate", *argv[2:]], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    assert checked.returncode == 0, checked.stderr
    with _running(argv, port, environment):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def address(request: pytest.FixtureRequest, upstream: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the studio is reached through the proxy."""
    if shutil.which(request.param) is None and not Path(f"/usr/sbin/{request.param}").exists():
        pytest.skip(f"{request.param} is not installed here, so its file is only read, not run")
    with {"nginx": nginx, "caddy": caddy}[request.param](upstream, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture
def bob(address: str) -> Iterator[httpx.Client]:
    with client(address) as opened:
        entered = opened.post("/login", data={"name": "bob", "password": password_of("bob")}, headers={"origin": address})
        assert entered.status_code == 303, entered.text
        assert ("secure" in entered.headers["set-cookie"].lower()) == address.startswith("https")
        yield opened


def client(address: str) -> httpx.Client:
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    return httpx.Client(base_url=address, verify=trust, timeout=30)


def test_nobody_comes_in_without_a_login_and_figures_stay_inside(address: str) -> None:
    with client(address) as stranger:
        assert stranger.get("/", headers={"accept": "text/html"}).status_code == 303
        assert stranger.get("/healthz").text == "ok\n"
        assert stranger.get("/metrics").status_code == stranger.get("/readyz").status_code == 404
        assert stranger.get("/healthz").headers["strict-transport-security"] == "max-age=31536000"
        assert stranger.post("/login", data={"name": "bob", "password": "x"}, headers={"origin": "https://evil.example"}).status_code == 403


def test_a_stranger_cannot_say_who_or_where_they_are(address: str, studio: Studio) -> None:
    with client(address) as stranger:
        claims = {"x-forwarded-for": "203.0.113.7", "x-remote-user": "ada", "x-forwarded-host": "evil.example"}
        assert stranger.get("/admin", headers=claims).status_code in (303, 401)
        assert stranger.post("/login", data={"name": "bob", "password": "wrong"}, headers=claims).status_code == 401
    [refused, *_] = [entry for entry in studio._shop.audit.list(studio_query()) if entry.action == "login.refused"]
    assert "203.0.113.7" not in repr(refused)


def studio_query() -> object:
    from studio.domain.audit import AuditQuery

    return AuditQuery(action="login.")


def test_a_film_goes_up_in_pieces_and_goes_on_after_a_break(bob: httpx.Client, clip: Path) -> None:
    data = clip.read_bytes()
    told = {**TUS, "upload-length": str(len(data)), "upload-metadata": metadata(filename="film.mp4")}
    announced = bob.post("/uploads", headers=told)
    assert announced.status_code == 201, announced.text
    place, half = f"/{announced.headers['location']}", len(data) // 2
    piece = {**TUS, "content-type": PIECE_TYPE}
    assert bob.patch(place, content=data[:half], headers={**piece, "upload-offset": "0"}).headers["upload-offset"] == str(half)
    assert bob.head(place, headers=TUS).headers["upload-offset"] == str(half)
    assert bob.patch(place, content=data[half:], headers={**piece, "upload-offset": str(half)}).status_code in (200, 204)


def test_a_range_of_a_film_comes_through(bob: httpx.Client, studio: Studio, clip: Path) -> None:
    project = clip_project(studio.as_user("bob"), clip)
    _, _, given = bob.get(f"/desk/{project.id}/pulse").headers.get("lipline-pass", "").partition(" ")
    answer = bob.get(f"/media/source/{project.id}/video?pass={given}", headers={"range": "bytes=100-199"})
    assert answer.status_code == 206 and answer.headers["content-range"].startswith("bytes 100-199/") and len(answer.content) == 100


def test_the_page_itself_comes_through_whole(bob: httpx.Client) -> None:
    page = bob.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200 and "Lipline" in page.text
    assert bob.get("/look/css/tokens.css").status_code == 200


def test_endless_headers_are_cut_off(address: str) -> None:
    with client(address) as stranger, suppress(httpx.TransportError):  # or the line is cut
        assert stranger.get("/healthz", headers={"x-long": "x" * 200_000}).status_code in (400, 413, 431, 494)
