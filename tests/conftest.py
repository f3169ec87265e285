"""What every test stands on: no network, few threads, a small clip, a home of its own, and the real data where it is at hand."""

from __future__ import annotations

import os

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    TRANSFORMERS_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    OMP_NUM_THREADS="1",
)

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import postgres_server, postgres_url  # noqa: F401  fixtures

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--corpus", default=None, help="folder of real clips and nasty files; default: ../shared/data beside the checkout")
    parser.addoption("--whole-corpus", action="store_true", help="every file of the corpus, not a few of each kind")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A browser on a busy machine loses a race now and then: such a test is tried once more, and the summary names it (RERUN).
    `--reruns 0` shows the first try's failure."""
    if config.getoption("reruns", None) is not None:
        return
    for item in items:
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True, scope="session")
def offline() -> Iterator[None]:
    """Nothing a test does in this process may leave the machine: names do not resolve, connections are refused."""
    true_connect, true_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: object) -> None:
        if self.family == socket.AF_UNIX or str(address[0]).startswith(LOOPBACK):
            return true_connect(self, address)
        raise ConnectionRefusedError(f"tests may not reach the network, and something asked for {address}")

    def lookup(host: object, *rest: object, **named: object) -> list:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or str(name).startswith(LOOPBACK) or name == socket.gethostname():
            return true_lookup(host, *rest, **named)
        raise socket.gaierror(socket.EAI_NONAME, f"tests may not reach the network, and something asked for {name}")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    patch.setattr(socket, "getaddrinfo", lookup)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def ffmpeg_path() -> str:
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def clip(ffmpeg_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 s, 320×240 at 25 fps, H.264 and 44.1 kHz stereo AAC: a test picture, and a tone that sounds from 0.5 to 1.3 s and 1.8 to 2.6 s."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    tone = "sine=frequency=220:sample_rate=44100:duration=3,volume='between(t,0.5,1.3)+between(t,1.8,2.6)':eval=frame"
    argv = [ffmpeg_path, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=3", "-f", "lavfi", "-i", tone]
    argv += ["-ac", "2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return path


@pytest.fixture(scope="session")
def demo_clip() -> Path:
    """The clip of the demo project: speech in English by two people."""
    return ROOT / "assets" / "demo" / "demo.mp4"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for a studio's projects."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def corpus_dir(request: pytest.FixtureRequest) -> Path:
    """The folder of real clips (clips/), broken files (nasty/), speech (speech/) and dialogue (dialogue/); or a skip."""
    named = request.config.getoption("--corpus")
    folder = Path(named).resolve() if named else ROOT.parent / "shared" / "data"
    if not (folder / "clips" / "index.csv").is_file():
        pytest.skip(f"no real clips here: {folder} has no clips/index.csv; name the folder with CORPUS=DIR or --corpus DIR")
    return folder
