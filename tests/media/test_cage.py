"""What a fenced child cannot do, tried by a program that tries it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.domain.settings import Limits
from studio.media.child import Fence, caged, environment, holds

PYTHON = Path(sys.executable).resolve()
TREES = (Path(sys.prefix), Path(sys.base_prefix))
needs = pytest.mark.skipif(
    sys.platform != "linux" or not holds() >= {"files", "network"}, reason="this kernel has no Landlock or seccomp to fence files and network with"
)


def tried(program: str, fence: Fence = Fence(), limits: Limits = Limits()) -> subprocess.CompletedProcess[str]:  # noqa: B008 - frozen
    whole = Fence((*TREES, *fence.read), fence.write, (PYTHON, *fence.run))
    argv = caged(whole, 20, [str(PYTHON), "-I", "-S", "-c", program], limits)
    return subprocess.run(argv, capture_output=True, text=True, env=environment(), cwd="/", timeout=60)


@needs
def test_only_the_files_named_can_be_read(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.txt", tmp_path / "other.txt"
    mine.write_text("mine")
    other.write_text("someone else's")
    program = f"print(open({str(mine)!r}).read())\nopen({str(other)!r})"
    said = tried(program, Fence(read=(mine,)))
    assert said.stdout == "mine\n"
    assert "PermissionError" in said.stderr
    for place in ("/etc/passwd", f"/proc/{os.getpid()}/environ", str(tmp_path)):
        assert "PermissionError" in tried(f"import os\n(os.listdir if os.path.isdir({place!r}) else open)({place!r})").stderr, place


@needs
def test_only_the_output_named_can_be_written_and_an_input_not(tmp_path: Path) -> None:
    source, out, beside = tmp_path / "in", tmp_path / "out", tmp_path / "beside"
    source.write_text("as it was")
    out.touch()
    fence = Fence(read=(source,), write=(out,))
    assert tried(f"open({str(out)!r}, 'w').write('done')", fence).returncode == 0
    assert out.read_text() == "done"
    for program in (f"open({str(source)!r}, 'w')", f"open({str(beside)!r}, 'w')", f"import os\nos.unlink({str(out)!r})", f"import os\nos.symlink('/etc', {str(beside)!r})"):
        assert "PermissionError" in tried(program, fence).stderr
    assert source.read_text() == "as it was"
    assert sorted(tmp_path.iterdir()) == [source, out]


@needs
def test_in_a_folder_given_to_write_files_come_and_go(tmp_path: Path) -> None:
    program = f"import os\nos.chdir({str(tmp_path)!r})\nopen('a', 'w').write('x')\nopen('b', 'w')\nos.unlink('b')"
    assert tried(program, Fence(write=(tmp_path,))).stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@needs
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX"])
def test_no_socket_can_be_made(family: str) -> None:
    assert "PermissionError" in tried(f"import _socket\n_socket.socket(_socket.{family}, _socket.SOCK_STREAM)").stderr


@needs
def test_no_other_program_can_be_run_and_no_process_outside_be_stopped() -> None:
    assert "PermissionError" in tried("import os\nos.execv('/usr/bin/env', ['env'])").stderr
    if "files" in holds():
        assert "PermissionError" in tried(f"import os\nos.kill({os.getpid()}, 0)").stderr


@needs
def test_no_namespace_is_made_and_no_limit_of_a_process_outside_is_touched() -> None:
    for call in ("272, 0x10000000", "56, 0x10000011, 0, 0, 0, 0", "435, (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17), 88", f"302, {os.getpid()}, 7, (ctypes.c_uint64 * 2)(0, 0), 0"):
        if os.uname().machine == "x86_64":
            program = f"import ctypes, os\nmade = ctypes.CDLL(None).syscall({call})\nos._exit(0) if made == 0 else print(made)"
            assert tried(program).stdout == "-1\n", call
    assert tried("import threading\none = threading.Thread(target=print, args=('runs',))\none.start()\none.join()").stdout == "runs\n"
    assert tried("import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))").stdout == "(0, 0)\n"


def test_memory_files_and_processor_time_have_an_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.touch()
    small = Limits(media_tool_memory_bytes=256 * 2**20, media_tool_output_bytes=1000, media_tool_open_files=12)
    assert "MemoryError" in tried("b'x' * 2**30", limits=small).stderr
    assert "File too large" in tried(f"open({str(out)!r}, 'wb', 0).write(b'x' * 5000); open({str(out)!r}, 'ab', 0).write(b'x')", Fence(write=(out,)), small).stderr
    assert out.stat().st_size == 1000
    assert "Too many open files" in tried("held = [open('/dev/null') for _ in range(20)]", limits=small).stderr
    limits = tried("import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU)[1], resource.getrlimit(resource.RLIMIT_CORE))").stdout
    assert limits == f"{20 * (os.cpu_count() or 1) + 1} (0, 0)\n"


def test_a_child_learns_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPLINE_DATABASE", "postgresql://studio:secret@box/studio")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "secret" not in tried("import os\nprint(dict(os.environ))").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these fences")
def test_no_rights_are_gained_by_running_a_program() -> None:
    status = tried("print(open('/proc/self/status').read())", Fence(read=(Path("/proc"),))).stdout
    assert "NoNewPrivs:\t1" in status
    assert "privileges" in holds()
