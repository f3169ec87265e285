"""Runs `python -m studio` as people do: a process of its own, a home of its own, no network, what it says caught."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    def is_one_sentence(self) -> bool:
        """The error as an editor should see it: one line, no traceback."""
        lines = [line for line in self.err.strip().splitlines() if not line.startswith("Note:")]
        return len(lines) == 1 and "Traceback" not in self.err and lines[0].rstrip().endswith((".", ")", "?", "!"))


def environment() -> dict[str, str]:
    quiet = {"LIPLINE_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2", "TOKENIZERS_PARALLELISM": "false"}
    return {name: value for name, value in os.environ.items() if not name.startswith("LIPLINE_")} | quiet


def start_studio(*words: object, largest_file_bytes: int | None = None) -> subprocess.Popen[str]:
    """The running process. `largest_file_bytes` is how large any one file may grow: a disk that fills up."""

    def limit() -> None:
        if largest_file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, largest_file_bytes))

    argv = [sys.executable, "-m", "studio", *map(str, words)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, cwd=ROOT, env=environment(), text=True, preexec_fn=limit, start_new_session=True, **pipes)


def studio(*words: object, largest_file_bytes: int | None = None, timeout_s: float = 150) -> Said:
    process = start_studio(*words, largest_file_bytes=largest_file_bytes)
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"python -m studio {' '.join(map(str, words))} did not end within {timeout_s} s: {out}{err}") from None
    return Said(process.returncode, out, err)


def write_lines(folder: Path, texts: list[str], name: str = "lines.srt", spans: tuple[tuple[str, str], ...] | None = None) -> Path:
    """An SRT of texts, by default where the tones of the test clip are."""
    spans = spans or (("00:00:00,500", "00:00:01,300"), ("00:00:01,800", "00:00:02,600"))
    cues = [f"{n}\n{start} --> {end}\n{text}\n" for n, ((start, end), text) in enumerate(zip(spans, texts, strict=True), 1)]
    path = folder / name
    path.write_text("\n".join(cues), encoding="utf-8")
    return path
