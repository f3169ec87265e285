"""Work in the queue gives way to the people at the page, and so do the processes it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.media.niceness import WORK, group_as_nice

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, os, subprocess, sys, threading
from pathlib import Path
from studio.media.child import Child, ToolCall
from studio.media.niceness import give_way

def standing():
    policy = os.sched_getscheduler(0) if hasattr(os, "SCHED_IDLE") else None
    group = Path("/proc/self/autogroup")
    return [os.getpriority(os.PRIO_PROCESS, 0), policy, group.read_text().split()[-1] if group.exists() else None]

give_way()
found = {"self": standing()}
thread = threading.Thread(target=lambda: found.update(thread=standing()))
thread.start()
thread.join()
told = "import os, time; time.sleep(0.5); p = '/proc/self/autogroup'; print(os.getpriority(os.PRIO_PROCESS, 0), open(p).read().split()[-1] if os.path.exists(p) else None)"
with Child([sys.executable, "-c", told], ToolCall("Trying")) as child:
    found["child"] = child.output.read().decode().split()
print(json.dumps(found))
"""


def test_a_worker_its_threads_and_its_children_are_nice_and_so_are_the_sessions_they_lead() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, start_new_session=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    own, policy, group = found["self"]
    assert own >= WORK and policy in (None, getattr(os, "SCHED_IDLE", None))
    assert found["thread"] == found["self"]
    assert int(found["child"][0]) == own
    if group is not None and group.lstrip("-").isdigit():
        assert int(group) == own
        assert found["child"][1] in (str(own), "0"), "the system takes such a wish ten times a second, and no more often"


def test_a_process_that_leads_no_session_leaves_the_group_of_its_shell_alone() -> None:
    group = Path("/proc/self/autogroup")
    if not group.exists():
        pytest.skip("This system has no scheduling groups.")
    before = group.read_text()
    program = "from studio.media.niceness import give_way\ngive_way()\nprint(open('/proc/self/autogroup').read(), end='')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == group.read_text() == before


def test_a_process_that_has_ended_is_no_trouble() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait()
    group_as_nice(process.pid)
    assert process.returncode == 0
