"""What numbers must be read with: the table's sha256, the machine, the day, the commit and the versions of what computed them."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("torch", "transformers", "peft", "sacrebleu", "espeakng-loader")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Provenance:
    """`commit` None: not run from a git checkout."""

    table_sha256: str
    hardware: str
    date: str
    commit: str | None
    python: str
    packages: dict[str, str]


def provenance(table: Path) -> Provenance:
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    with table.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Provenance(digest, hardware(), datetime.now(UTC).date().isoformat(), commit(), platform.python_version(), packages)


def commit(folder: Path = _ROOT) -> str | None:
    """The checkout's commit, with "+" behind it where files differ from it; None outside a checkout or without git."""
    try:
        found = subprocess.run(["git", "-C", str(folder), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        changed = subprocess.run(
            ["git", "-C", str(folder), "diff", "--quiet", "HEAD", "--", "studio", "models"], capture_output=True, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    if found.returncode != 0:
        return None
    return found.stdout.strip() + ("+" if changed.returncode else "")


def hardware() -> str:
    """The processor and how many of its cores may be used, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.split(":", 1)[1].strip() for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"
