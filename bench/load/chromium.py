"""A person at a real page: Chromium without a window, in a thread of its own, typing, playing and regenerating as people do.

Enter: the office, an account, a seed. Leaves: like `visitor.py` facts in the ledger and times in the tally, taken from the page's own calls; an error
in the page's scripts is a fault of the studio.
"""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlsplit

from bench.desk import browser
from bench.load.ledger import Fact
from bench.load.scene import Person
from bench.load.visitor import Office

PATIENCE_MS = 60_000
KEY_EVERY_MS = 130
ROW = ".desk .row[data-id]"


class ChromiumVisitor:
    """`run` until the office closes."""

    def __init__(self, office: Office, person: Person, seed: int) -> None:
        self.office, self.person, self.draw = office, person, random.Random(seed)
        self._answers: list[Any] = []

    def run(self) -> None:
        try:
            with browser() as chromium:
                page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
                page.set_default_timeout(PATIENCE_MS)
                page.on("response", lambda answer: self._answers.append(answer))
                page.on("pageerror", lambda error: self.office.tally.trouble(f"the page of {self.person.name} broke: {error}"))
                self._enter(page)
                while not self.office.is_over.is_set():
                    self._deed(page)
                    page.wait_for_timeout(1000 * self.draw.uniform(*self.office.pace_s))
                    self._take_in()
                page.context.close()
        except Exception as error:  # a thread's rim: whatever the page did not do in time must be seen
            self.office.tally.trouble(f"the Chromium page of {self.person.name} stumbled: {str(error)[:200]}")

    def _enter(self, page: Any) -> None:
        address = self.office.addresses[0]
        page.goto(f"{address}/login")
        page.fill("input[name=name]", self.person.name)
        page.fill("input[name=password]", self.person.password)
        page.click("form button")
        page.wait_for_url(f"{address}/")
        page.goto(f"{address}/?project={self.person.project_ids[0]}&tab=lines")
        page.locator(ROW).first.wait_for()

    def _deed(self, page: Any) -> None:
        kind = self.draw.choices(("type", "play", "regenerate"), (6, 3, 1))[0]
        page.locator(ROW).first.wait_for()
        row = page.locator(ROW).nth(self.draw.randrange(page.locator(ROW).count()))
        if kind == "type":
            row.locator(".tgt").click()
            row.locator("textarea").wait_for()
            page.keyboard.press("End")
            page.keyboard.type(f" {self.draw.getrandbits(28):07x}", delay=KEY_EVERY_MS)
            page.keyboard.press("Enter")
        else:
            row.locator(".n").click()
            page.evaluate("document.activeElement?.blur()")
            page.keyboard.press("Space" if kind == "play" else "r")
            if kind == "play":
                page.wait_for_timeout(1500)
                page.keyboard.press("Space")
        self.office.tally.count(f"Chromium: {kind}")

    def _take_in(self) -> None:
        """What the page was answered since the last time."""
        answers, self._answers[:] = list(self._answers), []
        for answer in answers:
            place = urlsplit(answer.url).path
            if place.startswith("/desk/") and answer.status == 200:
                self._look_at(answer, place)
            elif answer.status >= 500:
                self.office.tally.refused(f"Chromium {place.split('/')[1]}", answer.status, place)

    def _look_at(self, answer: Any, place: str) -> None:
        body, (_, _, project_id, verb) = answer.body(), place.split("/")
        self.office.border.look(self.person.name, place, body)
        if verb == "regenerate" and (job := json.loads(body).get("job")):
            self.office.ledger.queued(job["id"], self.person.name)
        if verb != "revise":
            return
        sent = json.loads(answer.request.post_data)
        self.office.tally.took("edit in Chromium", answer.request.timing["responseEnd"] - answer.request.timing["requestStart"])
        if "target" in sent and not json.loads(body).get("conflict"):
            self.office.ledger.confirm(Fact(self.person.name, project_id, sent["line_id"], "target_text", sent["target"]))
            self.office.tally.count("edits confirmed in Chromium")
