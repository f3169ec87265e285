"""Edits, undoes and redoes as fast as it can and prints every confirmation, until it is killed. Run by test_kill.py.

Arguments: home folder, project id, owner. For every seed on stdin a child edits: it prints ["born", pid], then one JSON list
per line, each right after the store has confirmed; when the child has been killed the parent prints ["dead"].
"""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

from studio.store.blobs import BlobStore
from studio.store.database import open_database
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.stage_results import StageKey, StageResults
from tests.store.samples import a_candidate, a_take


def main(home: Path, project_id: str, owner: str) -> None:
    for seed in sys.stdin:
        child = os.fork()  # cheaper than a new Python per kill; nothing is open yet
        if child == 0:
            confirm("born", os.getpid())
            edit(home, project_id, owner, int(seed))
        os.waitpid(child, 0)
        confirm("dead")


def edit(home: Path, project_id: str, owner: str, seed: int) -> None:
    engine = open_database(f"sqlite:///{home / 'studio.db'}")
    lines, results, projects, blobs = LineStore(engine), StageResults(engine), ProjectStore(engine), BlobStore(home / "blobs")
    draw = random.Random(seed)
    line_ids = [line.id for line in lines.cast(project_id).lines]
    step = 0
    while True:
        step += 1
        text = f"seed {seed} step {step} " + "字" * draw.randrange(400)
        if draw.random() < 0.4:
            take_back(lines, project_id, owner, draw)
        else:
            line_id = draw.choice(line_ids)
            edited = replace(lines.line(project_id, line_id), target_text=text)
            confirm("line", line_id, lines.revise(project_id, edited, by=owner), text)
        match step % 5:
            case 0:
                confirm("blob", blobs.put_bytes(draw.randbytes(draw.randrange(400_000)), ".wav"))
            case 1:
                take = a_take(draw.choice(line_ids))
                lines.add_take(take)
                confirm("take", take.id)
            case 2:
                results.put(StageKey(project_id, "voice", line_ids[0], f"{step:064d}"), [seed, step], seconds=0.1, peak_memory_mb=1)
                confirm("result", line_ids[0], [seed, step])
            case 3:
                wordings = draw.choice(line_ids)
                lines.put_candidates(wordings, tuple(a_candidate(wordings, rank) for rank in range(4)))
            case 4:
                confirm("name", projects.change(project_id, owner, lambda one, name=text: replace(one, name=name)).name)


def take_back(lines: LineStore, project_id: str, owner: str, draw: random.Random) -> None:
    """Undo or redo, where there is anything; both are told with the action they made and what the lines are then."""
    redo = lines.next_redo(project_id, owner)
    change_id = redo if redo is not None and draw.random() < 0.5 else lines.next_undo(project_id, owner)
    if change_id is None:
        return
    done = lines.take_back(project_id, change_id, by=owner)
    confirm("change", done.change_id, done.kind, change_id)
    for line_id in done.line_ids:
        confirm("line", line_id, lines.revision(project_id, line_id), lines.line(project_id, line_id).target_text)


def confirm(*what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
