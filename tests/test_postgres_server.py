"""The PostgreSQL that tests and benches start for themselves ends with them, even when they are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import why_not

ROOT = Path(__file__).resolve().parents[1]
CODE = "from tests.postgres import server\nwith server() as found:\n    print(found.folder, flush=True)\n    input()\n"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_a_server_goes_with_whoever_started_it(how: signal.Signals | None) -> None:
    if (why := why_not()) is not None:
        pytest.skip(why)
    owner = subprocess.Popen([sys.executable, "-c", CODE], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    folder = Path(owner.stdout.readline().strip())
    pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{pid}").exists()
    owner.send_signal(how) if how is not None else owner.stdin.write("\n")
    owner.stdin.close()
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() or folder.exists():
        assert time.monotonic() < until, "the server outlived the process that started it"
        time.sleep(0.05)
    owner.stdout.close()
    owner.wait(10)
