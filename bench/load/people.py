"""Twenty people for ten minutes: editing, generating, previewing. Enter: a folder and the flags. Leaves: an `Outcome`.

The box as our deploy files set it up: a page server without jobs of its own, and a worker beside it.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.load.office_day import EDIT_AIM_MS, Day, measured
from bench.load.outcome import Outcome, Plan
from bench.load.scene import make_scene
from bench.load.serving import server, worker
from bench.load.truth import Truth
from bench.load.verdicts import Verdict

DRAIN_S = 180.0


def run_people(folder: Path, plan: Plan) -> Outcome:
    scene = make_scene(folder, plan.people, plan.seed)
    page, work = server(scene, port=plan.port, more=("--workers", "0")), worker(scene)
    truth = Truth(scene.place.database_url)
    try:
        page.start()
        start_s = page.wait()
        work.start()
        truth.watch_job_ends()
        day = Day(scene, (page,), plan.seed, browsers=min(plan.browsers, plan.people - 1))
        with measured((page, work)) as busy:
            day.open()
            time.sleep(plan.minutes * 60)
            day.close()
        cost = {"server": page.cost(), "worker": work.cost()}
        day.drain(truth, DRAIN_S)
    finally:
        page.close()
        work.close()
    verdicts = [edit_verdict(day), *day.verdicts(truth)]
    truth.close()
    details = {"busy": busy(), **cost, "start_s": round(start_s, 1), "calls": day.tally.spreads(), "counts": day.tally.counts, "refusals": day.tally.refusals}
    return Outcome("people", f"{plan.people} people, {min(plan.browsers, plan.people - 1)} of them in Chromium, for {plan.minutes:g} minutes, seed {plan.seed}", tuple(verdicts), details)


def edit_verdict(day: Day) -> Verdict:
    found = day.tally.spreads().get("edit")
    note = "" if found is None else f"p50 {found.p50_ms:.0f}, p99 {found.p99_ms:.0f}, worst {found.worst_ms:.0f} ms, {found.count} edits"
    return Verdict("p95 of an edit", None if found is None else found.p95_ms, EDIT_AIM_MS, "ms", note)
