"""Two page servers on one PostgreSQL and one folder of files; one is killed in mid-edit. Enter: a folder and a plan. Leaves: an `Outcome`.

People are spread over both, as a proxy would spread them; those of the killed one come back at the other with the session they have. Before
the kill it is measured how soon an edit made at one server is known at the other.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

from bench.load.calls import JSON, Caller
from bench.load.office_day import Day, measured
from bench.load.outcome import Outcome, Plan
from bench.load.people import DRAIN_S, edit_verdict
from bench.load.scene import Scene, make_scene
from bench.load.serving import Process, server
from bench.load.truth import Truth
from bench.load.verdicts import Verdict, at_least, none_of, spread
from bench.load.visitor import PULSE_EVERY_S

SEEN_WITHIN_S, PROBES = 2.0, 12


def run_twins(folder: Path, plan: Plan) -> Outcome:
    from tests.postgres import server as postgres_server, why_not

    if (why := why_not()) is not None:
        return Outcome("two-servers", "not run", (Verdict(why, None, 0),))
    with postgres_server() as postgres:
        return _run(folder, plan, postgres.create("twins"))


def _run(folder: Path, plan: Plan, database: str) -> Outcome:
    scene = make_scene(folder, plan.people, plan.seed, database=database)
    first, second = server(scene, name="first", port=plan.port), server(scene, name="second")
    truth = Truth(database)
    try:
        for one in (first, second):
            one.start()
            one.wait()
        truth.watch_job_ends()
        heard_ms = probe(scene, first, second)
        day = Day(scene, (first, second), plan.seed)
        with measured((first,)) as busy:
            day.open()
            time.sleep(plan.minutes * 30)
            before = day.tally.counted("edits confirmed")
            second.kill()
            time.sleep(plan.minutes * 30)
            after = day.tally.counted("edits confirmed") - before
            day.close()
        day.drain(truth, DRAIN_S)
    finally:
        first.close()
        second.close()
    verdicts = (
        Verdict("an edit at one server, known at the other, slowest", max(heard_ms, default=None), 1000 * SEEN_WITHIN_S, "ms", f"of {len(heard_ms)}"),
        at_least("confirmed edits before the kill", before, plan.people),
        at_least("confirmed edits after the kill", after, plan.people),
        none_of("children that outlived a killed process", [str(one.pid) for one in second.orphans()]),
        replace(edit_verdict(day), aim=None),
        *day.verdicts(truth),
    )
    truth.close()
    details = {"busy": busy(), "heard": spread(heard_ms), "calls": day.tally.spreads(), "counts": day.tally.counts, "refusals": day.tally.refusals}
    return Outcome("two-servers", f"{plan.people} people, two servers on PostgreSQL, one killed halfway through {plan.minutes:g} minutes", verdicts, details)


def probe(scene: Scene, first: Process, second: Process) -> list[float]:
    """Milliseconds from the answer to an edit at one server to a row with its text from the other, for a page that asks each second."""
    owner, draw, found = scene.people[0], random.Random(PROBES), []
    writer, reader = Caller(first.address), Caller(second.address)
    writer.log_in(owner.name, owner.password)
    reader.log_in(owner.name, owner.password)
    place = f"/desk/{owner.project_ids[0]}"
    line_id = writer.ask("GET", f"{place}/rows?since=&also=").json["order"][0]
    for number in range(PROBES):
        text = f"Probe {number} {scene.canaries[owner.project_ids[0]]}"
        writer.ask("POST", f"{place}/revise", json.dumps({"line_id": line_id, "target": text}).encode(), JSON)
        started = time.monotonic()
        time.sleep(draw.uniform(0, PULSE_EVERY_S))  # the other page asks when its second is up
        while time.monotonic() - started < 10 * SEEN_WITHIN_S:
            rows = reader.ask("GET", f"{place}/rows?since=&also=").json["rows"]
            if any(row["target"] == text for row in rows):
                break
            time.sleep(PULSE_EVERY_S)
        found.append(1000 * (time.monotonic() - started))
    writer.close()
    reader.close()
    return found
