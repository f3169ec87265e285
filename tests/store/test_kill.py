"""SIGKILL at random moments of editing, undoing and redoing: all that was confirmed is there, every action is whole and its undoing
consistent, the database is sound, every blob is whole.

The default is quick; the 200 kills of the target: LIPLINE_KILLS=200 python -m pytest -s tests/store/test_kill.py
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from studio.domain.history import ChangeRecord
from studio.domain.project import Cast, Project
from studio.store.blobs import BlobStore
from studio.store.database import open_database, reading
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.stage_results import StageResults
from tests.store.samples import ANNA, a_line, a_project

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("LIPLINE_KILLS", "20"))


@dataclass
class Confirmed:
    """What the killed processes were told is durable."""

    lines: dict[str, tuple[int, str]] = field(default_factory=dict)
    takes: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    results: dict[str, list[int]] = field(default_factory=dict)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    name: str = ""
    count: int = 0

    def add(self, kind: str, *rest: object) -> None:
        self.count += 1
        match kind, *rest:
            case "line", line_id, revision, text:
                self.lines[line_id] = (revision, text)
            case "change", change_id, kind, of:
                self.changes[change_id] = (kind, of)
            case "take", take_id:
                self.takes.add(take_id)
            case "blob", key:
                self.blobs.add(key)
            case "result", unit, value:
                self.results[unit] = value
            case "name", name:
                self.name = name


class Editors:
    """A process that bears editors, so that each can be killed."""

    def __init__(self, home: Path, project: Project) -> None:
        argv = [sys.executable, "-m", "tests.store.edit_until_killed", str(home), project.id, project.owner]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def edit_until_killed(self, seed: int, after_s: float) -> list[list[object]]:
        """Everything the editor confirmed before it was killed, `after_s` after its first edit."""
        self._process.stdin.write(f"{seed}\n")
        _, pid = json.loads(self._process.stdout.readline())
        told = [json.loads(self._process.stdout.readline())]
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        while told[-1] != ["dead"]:
            told.append(json.loads(self._process.stdout.readline()))
        return told[:-1]

    def close(self) -> None:
        self._process.communicate()


def step_of(name: str) -> tuple[int, int]:
    """(seed, step) of a text that an editor wrote."""
    words = name.split()
    return int(words[1]), int(words[3])


def check_lines(home: Path, project: Project, confirmed: Confirmed) -> None:
    """Every line is at the revision told, or one further when the last edit was kept but not heard of."""
    engine = open_database(f"sqlite:///{home / 'studio.db'}")
    lines = LineStore(engine)
    for line in lines.cast(project.id).lines:
        revision = lines.revision(project.id, line.id)
        told, text = confirmed.lines.get(line.id, (1, ""))
        assert revision in (told, told + 1)
        assert revision > told or line.target_text == text
        confirmed.lines[line.id] = (revision, line.target_text)
    engine.dispose()


def check_changes(lines: LineStore, project: Project, confirmed: Confirmed) -> None:
    """Every confirmed undo and redo is there; whatever was taken back names what took it back, and the other way round; and the edits
    of all actions together make the lines that are stored, so that none is there by half."""
    changes = {one.id: one for one in lines.changes(project.id, limit=1_000_000)}
    assert all((changes[key].kind, changes[key].undoes) == told for key, told in confirmed.changes.items())
    for one in changes.values():
        if one.undone_by is not None:
            assert changes[one.undone_by].undoes == one.id
        if one.undoes is not None:
            assert changes[one.undoes].undone_by == one.id or is_superseded(changes, one)
    for line in lines.cast(project.id).lines:
        text = ""
        for edit in reversed([edit for edit in lines.history(project.id, line.id, limit=1_000_000) if edit.field == "target_text"]):
            assert edit.before == text
            text = edit.after
        assert line.target_text == text


def is_superseded(changes: dict[str, ChangeRecord], one: ChangeRecord) -> bool:
    """An undo that was redone: what it took back stands again, or has been undone once more since."""
    later = changes[one.undoes].undone_by
    return one.undone_by is not None and (later is None or changes[later].seq > one.seq)


def check(home: Path, project: Project, confirmed: Confirmed) -> None:
    engine = open_database(f"sqlite:///{home / 'studio.db'}")
    lines, blobs, results = LineStore(engine), BlobStore(home / "blobs"), StageResults(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    check_changes(lines, project, confirmed)
    for line in lines.cast(project.id).lines:
        revision, text = confirmed.lines[line.id]
        edits = [edit for edit in lines.history(project.id, line.id, limit=100_000) if edit.field == "target_text"]
        assert len(edits) == revision - 1 and (not edits or edits[0].after == line.target_text == text)
        assert len(lines.candidates(project.id, line.id)) in (0, 4)
        assert (results.latest(project.id, "voice", line.id) or [0]) >= confirmed.results.get(line.id, [0])
    assert confirmed.takes <= {take.id for take in lines.project_takes(project.id)}
    assert step_of(ProjectStore(engine).get(project.id, "ada").name) >= step_of(confirmed.name)
    for key in confirmed.blobs:
        assert blobs.exists(key)
    for path in (home / "blobs").glob("??/??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    engine.dispose()


@pytest.mark.timeout(120 + 12 * KILLS)
def test_a_kill_at_any_moment_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'studio.db'}")
    project = ProjectStore(engine).create(a_project("ada"))
    LineStore(engine).replace_cast(project.id, Cast((ANNA,), tuple(a_line(1000 * number) for number in range(12))))
    engine.dispose()
    draw, confirmed, editors = random.Random(20), Confirmed(), Editors(tmp_path, project)
    for seed in range(KILLS):
        for told in editors.edit_until_killed(seed, draw.uniform(0.0, 0.25)):
            confirmed.add(*told)
        check_lines(tmp_path, project, confirmed)
    editors.close()
    check(tmp_path, project, confirmed)
    undone = sum(kind == "undo" for kind, _ in confirmed.changes.values())
    print(f"\n{KILLS} kills, {confirmed.count} confirmations, {undone} undos, {len(confirmed.changes) - undone} redos, 0 lost")
    assert confirmed.count > 3 * KILLS and undone > 0
