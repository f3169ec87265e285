"""Files that mean harm, sent to a real server: each is answered, and nothing outside the upload's own place is touched.

Enter: a folder, a plan, and where there is one the corpus of broken files. Leaves: an `Outcome`. The home lies deep in a fenced tree; beside it
lie a secret and a canary that listens. `bait.py` makes the files.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.bait import MEDIA, SCRIPT, Bait, Trap, baits
from bench.load.calls import Away, Caller, Refused
from bench.load.guard import CanaryServer, Fence, holding, marked_files, touched
from bench.load.outcome import Outcome, Plan
from bench.load.scene import Person, Scene, make_scene
from bench.load.sending import Told, send
from bench.load.serving import Process, server
from bench.load.truth import Truth
from bench.load.verdicts import at_least, none_of
from bench.machine import ROOT

ANSWER_WITHIN_S, JOBS_WITHIN_S = 60.0, 120.0
BUILT = (".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", "build")
_INSIDE = re.compile(r"Traceback|File \"|\bline \d+, in |Error\(|went wrong on our side|/home/|\.py\b")


@dataclass(slots=True)
class Seen:
    """What came of the files so far."""

    sent: int = 0
    taken: int = 0
    silent: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)


def run_hostile(folder: Path, plan: Plan) -> Outcome:
    outside = folder / "outside"
    outside.mkdir(parents=True, exist_ok=True)
    scene = make_scene(folder / "a" / "b" / "c", 2, plan.seed)
    page, truth, seen = server(scene, port=plan.port), Truth(scene.place.database_url), Seen()
    secret = f"secret-{secrets.token_hex(12)}"
    (outside / "secret.txt").write_text(f"1\n00:00:01,000 --> 00:00:03,000\n{secret}\n", encoding="utf-8")
    mark = f"evil{secrets.token_hex(4)}"
    home = scene.place.home
    fence = Fence((folder, *_near_repository()), (home, page.temp, page.log))
    try:
        page.start()
        page.wait()
        truth.watch_job_ends()
        with CanaryServer() as canary:
            trap = Trap(canary.address, outside / "secret.txt", mark, outside)
            before = fence.picture()
            _send_all(page, scene, truth, [*baits(trap), *corpus(plan.corpus)], seen, plan)
            after = fence.picture()
    finally:
        page.close()
    effects = [*touched(before, after), *marked_files([outside, Path.home(), page.temp.parent.parent], mark), *holding([home], secret.encode())]
    truth.close()
    verdicts = [
        at_least("files sent", seen.sent, 40, f"{seen.taken} taken"),
        none_of("effects outside the upload's own place", effects),
        none_of("calls to the canary", canary.calls),
        none_of("files answered with nothing", seen.silent),
        none_of("answers that are no sentence", seen.unfit),
        none_of(f"answers later than {ANSWER_WITHIN_S:.0f} s", seen.slow),
        none_of("times the server was gone", seen.gone),
    ]
    return Outcome("hostile", f"{seen.sent} files that mean harm, seed {plan.seed}", tuple(verdicts), {"told": seen.told})


def _near_repository() -> Iterator[Path]:
    """The program's own folders: an upload must not change the program."""
    for path in sorted(ROOT.iterdir()):
        if path.is_dir() and path.name in ("assets", "studio", "models"):
            yield path


def corpus(folder: Path | None) -> list[Bait]:
    """Broken files that came from elsewhere, if there are any."""
    if folder is None or not folder.is_dir():
        return []
    kinds = {"media": MEDIA, "subs": SCRIPT}
    return [Bait(path.name, kinds[part], path.read_bytes(), f"{part} of the corpus") for part in kinds for path in sorted((folder / part).glob("*")) if path.is_file()]


def _send_all(page: Process, scene: Scene, truth: Truth, files: list[Bait], seen: Seen, plan: Plan) -> None:
    until = time.monotonic() + plan.budget_s
    desks = {purpose: _desk(page, person) for purpose, person in zip((MEDIA, SCRIPT), scene.people, strict=True)}
    for bait in files:
        if time.monotonic() > until:
            break
        seen.sent += 1
        (caller, project_id), started, label = desks[bait.purpose], time.monotonic(), f"{bait.name[:60]!r} ({bait.why})"
        try:
            told = send(caller, project_id, bait.purpose, bait.name, bait.data)
            took_s = time.monotonic() - started
            _judge(seen, label, told, _after(caller, project_id, truth) if told.is_taken else "", took_s)
        except Away as error:
            seen.gone.append(f"{label}: {error}")
            if not page.is_running:
                page.start()
                page.wait()
        except Refused as error:
            _judge(seen, label, Told(False, error.status, str(error)), "", time.monotonic() - started)
    for caller, _ in desks.values():
        caller.close()


def _desk(page: Process, person: Person) -> tuple[Caller, str]:
    """Somebody logged in, with a project of their own: films go into one, scripts into another, so that neither spoils the other's try."""
    caller = Caller(page.address)
    caller.log_in(person.name, person.password)
    caller.learn_events()
    return caller, person.project_ids[0]


def _after(caller: Caller, project_id: str, truth: Truth) -> str:
    """The page goes on with what was taken: its jobs, its picture. The sentence of a job that failed."""
    until = time.monotonic() + JOBS_WITHIN_S
    while truth.open_jobs() and time.monotonic() < until:
        time.sleep(0.2)
    for path in (f"/desk/{project_id}/rows", caller.media(project_id, "peaks", "all")):
        caller.ask("GET", path)
    if truth.open_jobs():
        return "its job did not end"
    failed = [job.message for job in truth.jobs().values() if job.state == "failed"]
    return failed[-1] if failed else ""


def _judge(seen: Seen, label: str, told: Told, after: str, took_s: float) -> None:
    said = told.sentence or after
    seen.told[label] = f"{told.status} {said}".strip()
    seen.taken += told.is_taken
    if not told.is_taken and not said:
        seen.silent.append(f"{label}: {told.status}")
    if told.status >= 500 or (said and not is_sentence(said)):
        seen.unfit.append(f"{label}: {told.status} {said[:120]}")
    if took_s > ANSWER_WITHIN_S or after == "its job did not end":
        seen.slow.append(f"{label}: {took_s:.0f} s")


def is_sentence(said: str) -> bool:
    """Words for a person: some of them, with an end, and nothing of the program's inside."""
    return len(said.split()) >= 3 and said.rstrip()[-1] in ".!?”)" and _INSIDE.search(said) is None

