"""Committed files name no one's machine, no package host, and leave no work for later in a comment."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.house.tree import ROOT

TEXT = {".py", ".md", ".toml", ".txt", ".sh", ".js", ".css", ".html", ".yml", ".json", ".vtt", ".srt", ""}
# written in pieces so that this file does not find itself
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
PLACES = re.compile(r"/ho" r"me/(?!me\b)\w|/Us" r"ers/\w|C:\\\\Us" r"ers|/ro" r"ot/|/op" r"t/|/w" r"ork/|py" r"pi\.org|npm" r"js\.|pythonhos" r"ted")


def committed() -> list[str]:
    """Files git tracks, or would track; in an unpacked archive there is nothing to ask."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if listing.returncode != 0:
        pytest.skip("this is no git checkout, so there is no list of committed files")
    return listing.stdout.splitlines()


@pytest.mark.parametrize(("pattern", "complaint"), [(LATER, "leaves work for later"), (PLACES, "names one machine or one package host")])
def test_no_committed_file_contains(pattern: re.Pattern[str], complaint: str) -> None:
    found = []
    for name in committed():
        path = ROOT / name
        if not path.is_file() or path.suffix not in TEXT or path.stat().st_size > 400_000 or name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{name}:{number} {complaint}: {match.group()}")
    assert not found, "\n" + "\n".join(found)
