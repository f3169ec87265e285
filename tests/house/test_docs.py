"""What the documents promise exists: make targets, commands and their options, links, engines; and they stay short."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache

import pytest

from studio.bootstrap import build_engines
from tests.house.tree import ROOT

DOCUMENTS = (
    "README.md", "docs/hosting.md", "docs/editors-guide.md", "docs/scripts.md", "docs/model-cards.md", "docs/architecture.md", "docs/training.md",
    "docs/security.md", "docs/cluster.md", "docs/capacity.md", "docs/handover.md",
    "docs/results/sspo.md", "assets/demo/README.md",
)  # fmt: skip
COMMAND = re.compile(r"python -m studio [^\n`#]*")
TARGET = re.compile(r"\bmake ([a-z][a-z-]+)")
LINK = re.compile(r"\]\(([^)#:]+)\)")
PROSE = {"sure"}  # words that follow “make” in a sentence


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def help_of(*words: str) -> str:
    argv = [sys.executable, "-m", "studio", *words, "--help"]
    answer = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=None)
    assert answer.returncode == 0, f"python -m studio {' '.join(words)} --help: {answer.stderr}"
    return answer.stdout


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_in_a_document_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))
    code = " ".join(re.findall(r"`[^`]+`|```.*?```", text_of(name), re.DOTALL))
    missing = set(TARGET.findall(code)) - targets - PROSE
    assert not missing, f"{name} names make targets that do not exist: {sorted(missing)}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_a_document_is_understood(name: str) -> None:
    for command in COMMAND.findall(text_of(name).replace("\\\n", " ")):
        words = shlex.split(command)[3:]
        path = words[:2] if words and words[0] in ("eval", "users", "preferences", "check", "train", "project") else words[:1]
        path = [word for word in path if re.fullmatch(r"[a-z0-9]+", word)]
        text = help_of(*path)
        for option in (word for word in words if word.startswith("--") and word != "--help"):
            assert re.search(rf"{option}\b", text), f"{name}: “{command.strip()}” uses {option}, which does not exist."


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    missing = [target for target in LINK.findall(text_of(name)) if not (folder / target).exists()]
    assert not missing, f"{name} links to what is not there: {missing}"


def test_the_readme_lists_every_engine_with_its_licence() -> None:
    rows = [line for line in text_of("README.md").splitlines() if line.startswith("|")]
    for status in build_engines().status():
        licence = re.split(r"[ ,;(]", status.licence)[0]
        found = [row for row in rows if f"| {status.task} | {status.name} |" in row]
        assert found, f"README.md does not list the {status.task} engine {status.name}."
        assert any(licence in row for row in found), f"README.md gives {status.name} another licence than {status.licence}."


def test_the_readme_is_short() -> None:
    assert text_of("README.md").count("\n") <= 200
