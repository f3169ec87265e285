"""One scripted person at the desk, in a thread of their own: opens the page, works, hears the pulse, comes back after a failure.

What a person does is drawn in `deeds.py`; here is how a page behaves around it: a pulse each second, news of the frame when the pulse tells
of other work (and 30 s apart for edits, as `assets/js/hearing.js`), edits that met no studio sent again until they are answered, a session that is expected to outlive the server.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.load.calls import JSON, Answer, Away, Caller, Refused
from bench.load.crossing import Attempt, Border
from bench.load.ledger import Fact, Ledger
from bench.load.scene import Person
from bench.load.tally import Tally

PULSE_EVERY_S = 1.0
EDITED_S, CLOCK_S = 30.0, 60.0
PINGED_EVERY_S = 5.0
SESSION = "lipline_session"
AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Office:
    """What all visitors share. `addresses`: the page servers of one studio. `is_over`: set when it is time to go home.

    `pace_s`: shortest and longest pause between two deeds; `keys_per_s`: how fast people type."""

    addresses: Sequence[str]
    ledger: Ledger
    border: Border
    tally: Tally
    words: Mapping[str, str]
    reviewers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)
    pace_s: tuple[float, float] = (1.5, 5.0)
    keys_per_s: float = 7.0


class Visitor:
    """`run` until the office closes; all that goes wrong is in the tally."""

    def __init__(self, office: Office, person: Person, seed: int, *, at: int = 0) -> None:
        self.office, self.person, self.draw, self.at = office, person, random.Random(seed), at
        self.caller = Caller(office.addresses[at % len(office.addresses)])
        self.project_id = person.project_ids[0]
        self.rows: dict[str, dict[str, Any]] = {}
        self.order: list[str] = []
        self.revision, self.seq, self.mark = "", None, ""
        self.frame_mark, self.asked_mark = "", ""  # when the frame was last asked
        self.next_pulse_s = self.ticked_s = self.pinged_s = 0.0
        self.is_open = False
        self.deeds = 0

    # a page's life

    def run(self) -> None:
        try:
            while not self.is_over:
                try:
                    self._live()
                except Away:
                    self.office.tally.count("times away")
                    self._come_back()
                except Refused as error:
                    self.office.tally.refused("page", error.status, str(error))
                    self.pause(AGAIN_S)
        except Exception as error:  # a thread's rim: a visitor who stumbles is a defect of the load, and must be seen
            self.office.tally.trouble(f"{self.person.name} stumbled over {error!r}")
            raise
        finally:
            self.caller.close()

    @property
    def is_over(self) -> bool:
        return self.office.is_over.is_set()

    def _live(self) -> None:
        from bench.load.deeds import draw_deed

        if not self.caller.cookies.get(SESSION):
            self.log_in()
            self.is_open = False
        if not self.is_open:
            self.open_page()
            self.is_open = True
        while not self.is_over:
            self.pause(self.draw.uniform(*self.office.pace_s))
            if not self.is_over:
                draw_deed(self)

    def log_in(self) -> None:
        began = time.perf_counter()
        self.caller.log_in(self.person.name, self.person.password)
        self.office.tally.took("login", 1000 * (time.perf_counter() - began))

    def open_page(self) -> None:
        """What a browser asks on loading the page with a project in its address."""
        self.get("page", "/", {"accept": "text/html"})
        self.caller.learn_events()
        self.get("settings", "/me/settings")
        self.project_id = self.draw.choice(self.person.project_ids)
        self.rows, self.order, self.revision, self.seq = {}, [], "", None
        self.pulse()
        self.event("load", [], query=f"project={self.project_id}&tab=lines")
        self.call("notes", {"since": ""})
        self.call("picture", {})
        self.call("speech", {})

    def _come_back(self) -> None:
        """The page stays open while the server is away; a browser asks again every now and then."""
        until = time.monotonic() + 120
        while not self.is_over and time.monotonic() < until:
            self.at += 1
            self.caller.address = self.office.addresses[self.at % len(self.office.addresses)]
            try:
                if self.caller.ask("GET", "/me/settings").status == 401:
                    self.lose_session()
                return
            except Away:
                time.sleep(AGAIN_S)
        if not self.is_over:
            self.office.tally.trouble(f"no server answered {self.person.name} for two minutes")

    def lose_session(self) -> None:
        """The page goes to the login, and is loaded anew. One that was cut off while logging in has lost nothing."""
        if self.caller.cookies.get(SESSION):
            self.office.tally.count("sessions lost")
        self.caller.cookies.clear()

    def pause(self, seconds: float) -> None:
        """Think; the page goes on asking what is new."""
        until = time.monotonic() + seconds
        while not self.is_over:
            now = time.monotonic()
            if self.revision and now >= self.next_pulse_s:
                self.pulse()
            elif self.revision and now - self.ticked_s >= CLOCK_S:
                self.tick()
            elif now >= until:
                return
            else:
                self.office.is_over.wait((min(until, self.next_pulse_s) if self.revision else until) - now)

    def pulse(self) -> None:
        self.next_pulse_s = time.monotonic() + PULSE_EVERY_S
        since = "" if self.seq is None else f"?since={self.seq}"
        news = self.get("pulse", f"/desk/{self.project_id}/pulse{since}").json
        if time.monotonic() - self.pinged_s > PINGED_EVERY_S:  # as the page asks whether the studio is there
            self.pinged_s = time.monotonic()
            self.get("here", "/me/here")
        is_news, is_first = news["mark"] != self.mark or self.seq is None, self.seq is None
        self.seq, self.mark = news["seq"], news["mark"]
        if is_news:
            self.refresh()
        if is_first:
            self.frame_mark, self.asked_mark = news["frame_mark"], self.mark  # the frame that loads shows them
        elif news["frame_mark"] != self.frame_mark or (self.mark != self.asked_mark and time.monotonic() - self.ticked_s > EDITED_S):
            self.frame_mark = news["frame_mark"]
            self.tick()

    def tick(self) -> None:
        self.ticked_s, self.asked_mark = time.monotonic(), self.mark
        self.event("tick", [self.project_id], query=f"project={self.project_id}&tab=lines")
        self.get("queue", "/me/queue")  # the chip of one's own work follows

    def refresh(self) -> None:
        desk = self.get("rows", f"/desk/{self.project_id}/rows?since={self.revision}&also=").json
        self.take(desk)

    def take(self, desk: dict[str, Any]) -> None:
        """Rows as the page takes them over."""
        self.order, self.revision = desk["order"], desk["revision"]
        self.rows.update({row["id"]: row for row in desk["rows"]})
        self.rows = {line_id: self.rows[line_id] for line_id in self.order if line_id in self.rows}

    # what the studio has said

    def confirmed(self, field_name: str, subject_id: str, value: Any, project_id: str) -> None:
        """An answer without a conflict: somebody was told that this is stored. A reviewer must never be told so."""
        self.may("change a line", project_id)
        self.office.ledger.confirm(Fact(self.person.name, project_id, subject_id, field_name, value))
        self.office.tally.count("edits confirmed")

    def queued(self, reply: Mapping[str, Any]) -> None:
        if job := reply.get("job"):
            self.may("have work done", self.project_id)
            self.office.ledger.queued(job["id"], self.person.name)
            self.office.tally.count("jobs taken")
            self.tick()  # as `trigger("changed")` of the desk

    def may(self, deed: str, project_id: str) -> None:
        """Called once something was let through."""
        if self.person.name in self.office.reviewers.get(project_id, frozenset()):
            self.office.border.came_through(f"{self.person.name}, a reviewer, could {deed} in {project_id[:8]}")

    # asking

    def get(self, sort: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Raises Away, Refused."""
        return self._seen(sort, Attempt(self.person.name, self.project_id, "GET", path), self.caller.ask("GET", path, None, headers))

    def call(self, verb: str, values: dict[str, Any], *, sort: str = "") -> dict[str, Any]:
        """A call of the desk. Raises Away, Refused."""
        path, body = f"/desk/{self.project_id}/{verb}", json.dumps(values, ensure_ascii=False).encode()
        answer = self.caller.ask("POST", path, body, JSON)
        self._seen(sort or verb, Attempt(self.person.name, self.project_id, "POST", path, body), answer)
        return dict(answer.json) if isinstance(answer.json, dict) else {"value": answer.json}

    def call_until_answered(self, verb: str, values: dict[str, Any], *, sort: str = "") -> dict[str, Any] | None:
        """As the page sends edits: kept and sent again for as long as nobody answers. None when the office closed before."""
        while True:
            try:
                return self.call(verb, values, sort=sort)
            except Away:
                self.office.tally.count("edits sent again")
                self._come_back()
            except Refused as error:
                if error.status < 500:
                    raise
                self.pause(AGAIN_S)
            if self.is_over:
                return None

    def event(self, name: str, data: list[Any], query: str = "") -> None:
        started = time.perf_counter()
        answer = self.caller.event(name, data, query=query)
        self.office.tally.took(f"event {name}", 1000 * (time.perf_counter() - started))
        self.office.border.look(self.person.name, f"event {name}", answer.body)

    def _seen(self, sort: str, attempt: Attempt, answer: Answer) -> Answer:
        self.office.tally.took(sort, answer.took_ms)
        self.office.border.look(self.person.name, attempt.path, answer.body)
        if answer.status == 401:
            self.lose_session()
        if answer.status >= 300:
            self.office.tally.refused(sort, answer.status, answer.sentence())
            raise Refused(answer.status, answer.sentence())
        if attempt.project_id in attempt.path:  # else it is anybody's own, such as /me/settings
            self.office.border.remember(attempt)
        return answer
