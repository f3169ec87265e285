"""The runner: no shell, no playlist, no endless run; errors become sentences and nothing half-written stays."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.domain.errors import Cancelled, MediaToolFailed, OutOfSpace
from studio.media.ffmpeg import ToolCall, input_args, local, run, storage_error, stream, write_beside

ENDLESS = ["-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=duration=600", "-f", "null", "-"]


def children() -> set[str]:
    found = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid=,comm="], capture_output=True, text=True).stdout
    return {line for line in found.splitlines() if "ffmpeg" in line}


def test_progress_is_told_in_ms(tmp_path: Path) -> None:
    told: list[int] = []
    out = tmp_path / "a.wav"
    run(["-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=2", "-f", "wav", local(out)], ToolCall("Making a tone"), told.append)
    assert told[-1] == 2000
    assert told == sorted(told)
    assert out.stat().st_size > 1000


def test_a_failure_carries_the_tools_own_words_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(bytes(range(1, 9)) * 512)
    with pytest.raises(MediaToolFailed, match=r"Reading failed: .*(Invalid data|could find no)") as caught:
        run(["-loglevel", "error", *input_args(tmp_path / "noise.bin"), "-f", "null", "-"], ToolCall("Reading"))
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_run_past_its_time_is_stopped_and_its_process_gone() -> None:
    started = time.monotonic()
    with pytest.raises(MediaToolFailed, match=r"took longer than 0\.3 s"):
        run(ENDLESS, ToolCall("Waiting", timeout_s=0.3))
    assert time.monotonic() - started < 5
    assert not children()


def test_a_stop_ends_a_run_within_a_moment() -> None:
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run(ENDLESS, ToolCall("Waiting", cancel=lambda: time.monotonic() - started > 0.3))
    assert time.monotonic() - started < 5
    assert not children()


def test_a_stop_asked_for_before_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(["-f", "lavfi", "-i", "sine=duration=1", "-f", "wav", local(tmp_path / "a.wav")], ToolCall("Waiting", cancel=lambda: True))
    assert not (tmp_path / "a.wav").exists()


def test_a_stream_left_early_leaves_no_process() -> None:
    blocks = stream(["-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=600", "-f", "s16le", "pipe:1"], ToolCall("Listening"), 4096)
    assert len(next(blocks)) == 4096
    blocks.close()
    assert not children()


def test_a_playlist_opens_nothing_even_when_the_demuxer_would_know_it(tmp_path: Path, clip: Path) -> None:
    for name, text in (
        ("a.m3u8", f"#EXTM3U\n#EXTINF:3,\n{clip}\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", f"ffconcat version 1.0\nfile '{clip}'\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(MediaToolFailed):
            run(["-loglevel", "error", *input_args(tmp_path / name), "-f", "null", "-"], ToolCall("Reading"))


def test_a_name_that_looks_like_an_option_or_a_pattern_is_only_a_name(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "-f concat:%03d.mp4"
    path.write_bytes(clip.read_bytes())
    run(["-loglevel", "error", *input_args(path), "-f", "null", "-"], ToolCall("Reading"))


def test_a_draft_takes_the_place_only_when_all_went_well(tmp_path: Path) -> None:
    out = tmp_path / "out.bin"
    out.write_bytes(b"old")
    with pytest.raises(Cancelled), write_beside(out) as draft:
        draft.write_bytes(b"half")
        raise Cancelled
    assert out.read_bytes() == b"old"
    with write_beside(out) as draft:
        draft.write_bytes(b"new")
    assert out.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [out]


def test_a_full_disk_has_its_own_sentence(tmp_path: Path) -> None:
    full = storage_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), tmp_path / "a.wav")
    other = storage_error(OSError(errno.EACCES, os.strerror(errno.EACCES)), tmp_path / "a.wav")
    assert isinstance(full, OutOfSpace)
    assert isinstance(other, MediaToolFailed)
    with pytest.raises(OutOfSpace):
        run(
            ["-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=9", "-f", "s16le", "file:/dev/full"],
            ToolCall("Writing", place="here"),
        )


KILLED = """
import os, signal, threading
from studio.media.ffmpeg import ToolCall, run
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
run(["-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=duration=99", "-metadata", "comment=orphan-of-{pid}", "-f", "null", "-"], ToolCall("Waiting"))
"""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="this system has no setpriv to end a child with its parent")
def test_a_killed_studio_leaves_no_ffmpeg_behind() -> None:
    mark = f"orphan-of-{os.getpid()}"
    argv = [sys.executable, "-c", KILLED.replace("{pid}", str(os.getpid()))]
    ended = subprocess.run(argv, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."}, capture_output=True)
    assert ended.returncode == -9
    deadline = time.monotonic() + 5
    while (left := running(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def running(mark: str) -> list[str]:
    found = subprocess.run(["ps", "-e", "-o", "pid=,args="], capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if mark in line and "ffmpeg" in line]


LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
import numpy as np
from studio.domain.errors import OutOfSpace
from studio.media.ffmpeg import ToolCall, local, run, write_beside
from studio.media.wav import WavWriter
out = Path(sys.argv[1])
def by_tool():
    with write_beside(out) as draft:
        run(["-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=60", "-f", "wav", local(draft)], ToolCall("Writing"))
def by_hand():
    with write_beside(out) as draft, WavWriter(draft, rate_hz=48000, channels=2) as wav:
        for _ in range(100):
            wav.write(np.zeros((48000, 2), dtype=np.float32))
for attempt in (by_tool, by_hand):
    try:
        attempt()
    except OutOfSpace as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system cannot limit the size of files")
def test_no_room_is_told_by_tool_and_by_hand_and_leaves_no_half_file(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", LIMITED, str(tmp_path / "out.wav")]
    said = subprocess.run(argv, capture_output=True, text=True, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."})
    assert said.stdout.count("nothing half-written was kept") == 2, said.stderr
    assert list(tmp_path.iterdir()) == []
