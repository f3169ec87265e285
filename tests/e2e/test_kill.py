"""SIGKILL at any moment: no finished stage is done again, no confirmed edit is lost, and the dub completes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.commandline import environment, start_studio, studio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KILLS = 20
Work = tuple[str, str, str]

EDITOR = """
import sys
from pathlib import Path
from studio.bootstrap import Place, open_studio
from studio.service import LineEdit

studio = open_studio(Place(Path(sys.argv[1])))
project = studio.projects()[0].project
line_id = studio.rows(project.id)[0].line.id
print("line", line_id, flush=True)
for number in range(int(sys.argv[2]), 100000):
    studio.revise_line(project.id, line_id, LineEdit(target_text=f"第{number}次"))
    print("confirmed", number, flush=True)
"""


def ask(home: Path, query: str, *values: str) -> list[tuple]:
    """Rows of the studio's database as a second reader sees them."""
    with closing(sqlite3.connect(home / "studio.db", timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


WORK = {
    "a stage": "select project_id, stage, unit, fingerprint, created_at from stage_results where fingerprint != '' and stage != 'notice'",
    "a wording": "select 'wording', line_id, id, text, rank from candidates",
    "a take": "select 'take', line_id, fingerprint, id, created_at from takes",
}


def finished(home: Path) -> dict[Work, tuple]:
    """Every finished piece of work: what it is, and how and when it was done. Costs and notices are no work."""
    if not (home / "studio.db").is_file() or not ask(home, "select name from sqlite_master where name = 'stage_results'"):
        return {}
    rows = [row for query in WORK.values() for row in ask(home, query)]
    found = {row[:3]: row[3:] for row in rows}
    assert len(found) == len(rows), "a piece of work was done twice"
    return found


def is_sound(home: Path) -> bool:
    return not (home / "studio.db").is_file() or ask(home, "pragma integrity_check") == [("ok",)]


def kill_tree(process: subprocess.Popen[str]) -> str:
    """End the process and its children at once; what it had said."""
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]


def frame_count(path: Path) -> int:
    import av

    with av.open(str(path)) as film:
        return sum(1 for packet in film.demux(video=0) if packet.size)


def test_a_dub_killed_twenty_times_loses_nothing_and_completes(demo_clip: Path, tmp_path: Path) -> None:
    moments = random.Random(20)
    kills = rounds = 0
    film = tmp_path / "out.mp4"
    while kills < KILLS:
        rounds += 1
        home, seen = tmp_path / f"home{rounds}", {}
        words = ["dub", demo_clip, "--from", "en", "--to", "zh", "--lines", demo_clip.with_name("demo.en.vtt"), "--home", home, "--out", film]
        is_done = False
        while not is_done and kills < KILLS:
            process = start_studio(*words)
            time.sleep(moments.uniform(0.3, 4.0))
            is_done = process.poll() is not None
            kill_tree(process) if not is_done else process.communicate()
            kills += not is_done
            assert is_sound(home)
            now = finished(home)
            assert {key: now.get(key) for key in seen} == seen, "a finished piece of work is gone or was done again"
            seen = now
            assert not film.exists() or frame_count(film) == frame_count(demo_clip), "a half-written film was left"
        said = studio(*words, "--json", tmp_path / "report.json")
        assert said.code == 0, said.err
        assert {key: finished(home).get(key) for key in seen} == seen, "the last run did finished work again"
        report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        assert len(report["lines"]) == 9
        assert {key[0] for key in finished(home)} > {"wording", "take"}
        assert frame_count(film) == frame_count(demo_clip)
        film.unlink()


def test_edits_confirmed_before_a_kill_are_there_after_it(clip: Path, tmp_path: Path) -> None:
    home, lines = tmp_path / "home", tmp_path / "lines.vtt"
    lines.write_text("WEBVTT\n\n00:00.500 --> 00:01.300\nI can row.\n", encoding="utf-8")
    assert studio("dub", clip, "--from", "en", "--to", "zh", "--lines", lines, "--home", home, "--out", tmp_path / "out.mp4").code == 0
    moments, number = random.Random(7), 0
    for _ in range(6):
        argv = [sys.executable, "-c", EDITOR, str(home), str(number + 1)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(argv, cwd=ROOT, env=environment(), text=True, start_new_session=True, **pipes)
        first = process.stdout.readline()
        time.sleep(moments.uniform(0.05, 1.0))
        said = (first + kill_tree(process)).split()
        line_id, confirmed = said[1], [int(word) for word in said[3::2]]
        number = max(confirmed, default=number)
        assert is_sound(home)
        ((text,),) = ask(home, "select target_text from lines where id = ?", line_id)
        assert not confirmed or text in (f"第{number}次", f"第{number + 1}次"), f"edit {number} was confirmed, and the line says {text}"
    assert number > 20, "the editor hardly got to work, so this test has shown nothing"
