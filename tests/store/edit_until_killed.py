"""Edits a project as fast as it can and prints every confirmation, until it is killed. Run by test_kill.py.

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
        line_id, text = draw.choice(line_ids), f"seed {seed} step {step} " + "字" * draw.randrange(400)
        edited = replace(lines.line(project_id, line_id), target_text=text)
        confirm("line", line_id, lines.revise(project_id, edited, by=owner), text)
        match step % 5:
            case 0:
                confirm("blob", blobs.put_bytes(draw.randbytes(draw.randrange(400_000)), ".wav"))
            case 1:
                take = a_take(line_id)
                lines.add_take(take)
                confirm("take", take.id)
            case 2:
                results.put(StageKey(project_id, "voice", line_id, f"{step:064d}"), [seed, step], seconds=0.1, peak_memory_mb=1)
                confirm("result", line_id, [seed, step])
            case 3:
                lines.put_candidates(line_id, tuple(a_candidate(line_id, rank) for rank in range(4)))
            case 4:
                confirm("name", projects.change(project_id, owner, lambda one, name=text: replace(one, name=name)).name)


def confirm(*what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
