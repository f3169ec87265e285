"""The page's server as `make studio` starts it: it says where it is, answers, refuses a taken port in one sentence, and ends when asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.commandline import environment, start_studio, studio


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running studio, and its home."""
    home = tmp_path_factory.mktemp("served")
    process = start_studio("serve", "--port", 0, "--home", home)
    said = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert found, said + (process.stderr.read() if process.poll() is not None else "")
    yield found.group(), home
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors


def test_the_page_answers_and_the_demo_is_in_the_list(served: tuple[str, Path]) -> None:
    address, home = served
    with urllib.request.urlopen(address, timeout=20) as page:
        assert page.status == 200
        assert "Lipline" in page.read().decode()
    listed = studio("export", "--home", home)
    assert "The last ferry" in listed.out


def test_a_taken_port_gets_one_sentence(served: tuple[str, Path], tmp_path: Path) -> None:
    port = served[0].rsplit(":", 1)[1]
    said = studio("serve", "--port", port, "--home", tmp_path)
    assert said.code == 2
    assert said.is_one_sentence(), said.err
    assert port in said.err


def test_app_py_takes_the_same_flags(tmp_path: Path) -> None:
    argv = [sys.executable, "app.py", "--port", "0", "--no-demo", "--home", str(tmp_path)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(argv, cwd=ROOT, env=environment(), text=True, start_new_session=True, **pipes)
    try:
        assert "http://127.0.0.1:" in process.stdout.readline()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
