"""One person of the soak: comes, works without a pause, goes, comes again. Enter: an address, an account, a film. Leaves: counts in the tally.

Each round is a login, a page, edits, exports; every third a job, every fourth a film of its own that is looked at and deleted again.
"""

from __future__ import annotations

import json
import random
import threading
import time
from pathlib import Path
from typing import Any

from bench.load.bait import MEDIA
from bench.load.calls import JSON, Answer, Away, Caller, Refused
from bench.load.scene import Person
from bench.load.sending import Told, piecewise
from bench.load.tally import Tally

EDITS_EACH, EXPORTS = 4, ("source_srt", "target_vtt", "report_json")
JOB_WITHIN_S = 60.0


class Shift:
    """`run` until it is over."""

    def __init__(self, address: str, person: Person, film: Path, tally: Tally, is_over: threading.Event, seed: int) -> None:
        self.address, self.person, self.film, self.tally, self.is_over = address, person, film, tally, is_over
        self.draw = random.Random(seed)
        self.caller = Caller(address)
        self.rounds = 0

    def run(self) -> None:
        while not self.is_over.is_set():
            try:
                self._round()
            except Away as error:
                self.tally.trouble(f"no answer for {self.person.name}: {error}")
                self.is_over.wait(1.0)
            except Refused as error:
                self.tally.refused("shift", error.status, str(error))
                self.is_over.wait(0.2)
            finally:
                self.caller.close()

    def _round(self) -> None:
        self.caller = Caller(self.address)
        self.caller.log_in(self.person.name, self.person.password)
        self.tally.count("logins")
        self._get("page", "/", {"accept": "text/html"})
        self.caller.learn_events()
        mine = self.person.project_ids[0]
        self.caller.event("load", [], query=f"project={mine}&tab=lines")
        self._work(mine)
        self.rounds += 1
        if self.rounds % 3 == 1:
            self._generate(mine)
        if self.rounds % 4 == 2:
            self._come_and_go()
        self.caller.ask("POST", "/leave", b"")
        self.tally.count("sessions")

    def _work(self, project_id: str) -> None:
        rows = self._get("rows", f"/desk/{project_id}/rows?since=&also=").json["rows"]
        for row in self.draw.sample(rows, min(EDITS_EACH, len(rows))):
            text = f"Satz {self.draw.getrandbits(24):06x} für diese Stelle."
            self._call(project_id, "predict", {"line_id": row["id"], "text": text})
            self._call(project_id, "revise", {"line_id": row["id"], "target": text})
            self.tally.count("edits")
        self._get("pulse", f"/desk/{project_id}/pulse")
        self.caller.event("tick", [project_id])
        for kind in EXPORTS:
            self._get("media", self.caller.media(project_id, "export", kind))
            self.tally.count("exports")
        for kind in ("clip", "context"):
            self._get("media", self.caller.media(project_id, kind, rows[0]["id"]))

    def _generate(self, project_id: str) -> None:
        line_id = self.draw.choice(self._get("rows", f"/desk/{project_id}/rows?since=&also=").json["order"])
        self._call(project_id, "regenerate", {"line_ids": [line_id], "over_budget": False})
        self._until_idle(project_id)
        self.tally.count("jobs")

    def _come_and_go(self) -> None:
        """A film like no other opens a project, is looked at, and goes with it."""
        data = self.film.read_bytes() + self.draw.randbytes(64)
        sent = piecewise(self.caller, "", MEDIA, f"gone{self.rounds}.mp4", data)
        if isinstance(sent, Told):
            raise Refused(sent.status, sent.sentence)
        taken = self.caller.ask("POST", f"/uploads/{sent}/take?from=en&to=de", b"", {"tus-resumable": "1.0.0"})
        if taken.status != 200:
            raise Refused(taken.status, taken.sentence())
        self.tally.count("uploads")
        project_id = str(taken.json["project_id"])
        self._until_idle(project_id)
        self._get("rows", f"/desk/{project_id}/rows?since=&also=")
        self._get("media", self.caller.media(project_id, "peaks", "all"))
        self.caller.event("removed", [project_id], {"id": project_id})
        self.tally.count("projects deleted")

    def _until_idle(self, project_id: str) -> None:
        """As the page sees it: until the pulse no longer tells of work."""
        until = time.monotonic() + JOB_WITHIN_S
        while time.monotonic() < until and not self.is_over.is_set():
            before = self._get("pulse", f"/desk/{project_id}/pulse").json["mark"]
            self.is_over.wait(1.0)
            if self._get("pulse", f"/desk/{project_id}/pulse").json["mark"] == before:
                return

    def _get(self, sort: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self._seen(sort, self.caller.ask("GET", path, None, headers))

    def _call(self, project_id: str, verb: str, values: dict[str, Any]) -> Answer:
        return self._seen(verb, self.caller.ask("POST", f"/desk/{project_id}/{verb}", json.dumps(values).encode(), JSON))

    def _seen(self, sort: str, answer: Answer) -> Answer:
        self.tally.took(sort, answer.took_ms)
        if answer.status >= 300:
            self.tally.refused(sort, answer.status, answer.sentence())
            if answer.status == 401:
                raise Refused(401, answer.sentence())
        return answer
