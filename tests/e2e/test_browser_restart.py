"""A page whose server dies under it and comes back: the project stays open, and not a letter that was typed is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.commandline import start_studio
from tests.e2e.test_browser import browser as browser
from tests.e2e.test_browser import watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
SAID = "这一句不能丢"


class Server:
    """The studio as a process of its own, always on the same home and port."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home, self.address = home, f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = start_studio("serve", "--port", self.port, "--home", self.home)
        assert "http://127.0.0.1:" in self._process.stdout.readline()

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("restart"))
    running.start()
    yield running
    running.kill()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The demo, open on its lines; whatever asks before leaving is agreed to."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened, _ = watched(context)
    opened.on("dialog", lambda dialog: dialog.accept())
    opened.goto(server.address)
    opened.get_by_role("button", name="Open the demo").click()
    opened.locator(".desk .row[data-id]").nth(2).wait_for()
    opened.wait_for_url("**project=**")
    yield opened
    context.close()


def chip(page: Page, state: str) -> None:
    page.locator(f'.chip.saved[data-state="{state}"]').wait_for(timeout=30_000)


def type_into(page: Page, number: int, text: str) -> None:
    page.locator(".desk .row[data-id]").nth(number).locator(".tgt").click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def shown(page: Page, number: int) -> str:
    return page.locator(".desk .row[data-id]").nth(number).locator(".tgt").inner_text()


def test_what_was_typed_while_the_server_was_down_arrives_when_it_is_back(page: Page, server: Server) -> None:
    page.wait_for_timeout(500)
    where = page.url
    server.kill()
    chip(page, "away")
    type_into(page, 0, SAID)
    chip(page, "retrying")
    server.start()
    chip(page, "saved")
    with page.expect_request("**/queue/join*", timeout=90_000):  # the frame's own news, with the page's slow clock at the latest
        pass
    page.wait_for_timeout(1500)
    assert page.url.split("&line=")[0] == where.split("&line=")[0], "the project must stay open over a restart"
    assert page.locator(".header .where b").inner_text() == "The last ferry"
    assert shown(page, 0) == SAID
    page.reload()
    page.locator(".desk .row[data-id]").nth(2).wait_for()
    assert shown(page, 0) == SAID


def test_a_reload_does_not_lose_what_could_not_be_sent(page: Page, server: Server) -> None:
    page.route("**/desk/*/revise", lambda route: route.abort())
    type_into(page, 1, SAID)
    chip(page, "retrying")
    page.reload()
    page.locator(".desk .row[data-id]").nth(2).wait_for()
    assert shown(page, 1) == SAID
    page.unroute("**/desk/*/revise")
    chip(page, "saved")
    page.evaluate("sessionStorage.clear(), localStorage.clear()")
    page.reload()
    page.locator(".desk .row[data-id]").nth(2).wait_for()
    assert shown(page, 1) == SAID


def test_a_reload_in_the_middle_of_a_word_loses_nothing(page: Page) -> None:
    page.locator(".desk .row[data-id]").nth(2).locator(".tgt").click()
    page.keyboard.press("Control+A")
    page.keyboard.type(SAID)
    page.reload()
    page.locator(".desk .row[data-id]").nth(2).wait_for()
    assert shown(page, 2) == SAID
    chip(page, "saved")


def test_a_reload_keeps_the_selected_line(page: Page) -> None:
    third = page.locator(".desk .row[data-id]").nth(2)
    third.locator(".n").click()
    line = third.get_attribute("data-id")
    page.reload()
    page.locator(f'.desk .row.active[data-id="{line}"]').wait_for()
    page.wait_for_function("(line) => location.search.includes(`line=${line}`)", arg=line)
