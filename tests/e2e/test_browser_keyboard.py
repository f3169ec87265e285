"""The sample reviewed with the keyboard alone: from the list of projects to a dub and an export, without one event of a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from studio.ui.launch import ServeOptions
from tests.e2e.screencast import filmed
from tests.e2e.test_browser import PATIENCE_MS, Served, browser, run_server, watched
from tests.studio_fixtures import fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
__all__ = ["browser"]
MOUSE = """() => {
  window.mouse = [];
  for (const kind of ["mousedown", "mouseup", "mousemove", "pointerdown", "pointermove", "wheel", "touchstart"])
    document.addEventListener(kind, (event) => window.mouse.push(event.type), true);
}"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    studio.demo_project()
    yield from run_server(studio, ServeOptions())
    studio.close()


def tab_to(page: Page, what: str) -> None:
    """Press Tab until what has the focus matches a selector."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement?.matches(what) ?? false", what):
            return
    raise AssertionError(f"Tab never comes to {what}")


def active_line(page: Page) -> str:
    return page.locator(".desk .row.active").get_attribute("data-id") or ""


def rows(served: Served) -> list:
    studio = served.studio
    return list(studio.rows(studio.projects()[0].project.id))


def soon(page: Page, is_so: Callable[[], bool]) -> bool:
    """Whether something comes true within a few seconds; the page works meanwhile."""
    for _ in range(50):
        if is_so():
            return True
        page.wait_for_timeout(100)
    return False


@pytest.mark.timeout(400)
def test_the_sample_is_reviewed_without_a_mouse(browser: Browser, sample: Served) -> None:
    page, watch = watched(browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True))
    page.goto(sample.address)
    page.evaluate(MOUSE)
    with filmed(page, "review"):
        review(page, sample)
    assert page.evaluate("window.mouse") == []
    assert not watch.errors
    page.context.close()


def review(page: Page, sample: Served) -> None:

    # open the sample
    page.locator(".project .name").wait_for()
    tab_to(page, ".project .name")
    page.keyboard.press("Enter")
    page.locator(".desk .row.active").wait_for()

    # through the lines; the first is regenerated, and the first of its new wordings taken
    page.locator(".checkpoint .btn").wait_for()
    page.keyboard.press("Alt+3")
    first = active_line(page)
    page.keyboard.press("ArrowDown")
    assert active_line(page) != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("r")
    page.locator(".list-of-wordings > *").first.wait_for()
    page.locator(".header .chip.job").wait_for(state="detached")
    page.keyboard.press("1")

    # edit in place, save, approve, take that back
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("A line written by hand.")
    page.keyboard.press("Enter")
    page.locator(".desk .row", has_text="A line written by hand.").wait_for()
    page.wait_for_function("() => document.querySelector('.saved')?.dataset.state === 'saved'")
    page.keyboard.press("ArrowUp")
    assert soon(page, lambda: rows(sample)[0].line.target_text == "A line written by hand.")
    page.keyboard.press("a")
    page.locator(".desk .row.active .st", has_text="approved").wait_for()
    page.keyboard.press("Control+z")
    page.locator(".desk .row.active .st", has_text="approved").wait_for(state="detached")

    # a note, and play
    page.keyboard.press("m")
    page.keyboard.type("Check the tone of this.")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => !['TEXTAREA', 'INPUT'].includes(document.activeElement?.tagName)")
    assert [note.text for note in sample.studio.notes(sample.studio.projects()[0].project.id)] == ["Check the tone of this."]
    page.keyboard.press("Space")
    page.wait_for_function("() => [...document.querySelectorAll('.desk video, .desk audio')].some((one) => !one.paused)")
    page.keyboard.press("Space")

    # voice and render are the steps that follow; then the export
    for _ in range(4):
        label = page.locator(".checkpoint .btn")
        label.wait_for(timeout=PATIENCE_MS)
        said = label.inner_text()
        if "Export" in said:
            break
        if "First line" in said:
            break
        tab_to(page, ".checkpoint .btn")
        page.keyboard.press("Enter")
        page.wait_for_function("said => { const now = document.querySelector('.checkpoint:not([hidden]) .btn'); return now && now.textContent !== said }", arg=said, timeout=PATIENCE_MS)
    page.keyboard.press("Alt+7")
    page.locator('#tabs [role="tab"][data-tab-id="export"][aria-selected="true"]').wait_for()
    with page.expect_download() as download:
        tab_to(page, ".export .btn:not(:disabled)")
        page.keyboard.press("Enter")

    assert download.value.suggested_filename
