"""Two editors in one project, in two browsers: what one does the other sees within two seconds, nothing is overwritten or lost, and undo
and the history stand after a reload."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, Watch, browser, run_server, watched  # noqa: F401
from tests.studio_fixtures import fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
SCRIPT = "".join(f"{n}\n00:00:{3 * n:02d},000 --> 00:00:{3 * n + 2:02d},500\nline number {n}\n\n" for n in range(1, 9)).encode()
SEEN_WITHIN_S = 2.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


@pytest.fixture
def pages(browser: Browser, served: Served) -> Iterator[tuple[Page, Page, list[str]]]:  # noqa: F811
    """The same project, open in two browsers that share nothing."""
    me = served.studio.as_user("local")
    project = me.create_project("Pilot", "en", "de")
    me.import_script(project.id, SCRIPT, "clip.srt")
    contexts = [browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(2)]
    opened, errors = [], []
    for context in contexts:
        page, watch = watched(context)
        errors.append(watch)
        page.goto(f"{served.address}?project={project.id}")
        page.get_by_role("tab", name="Lines", exact=True).click()
        page.locator(".desk .row[data-id]").nth(7).wait_for()
        opened.append(page)
    yield opened[0], opened[1], [error for watch in errors for error in watch.errors]
    for context in contexts:
        context.close()


def target(page: Page, number: int) -> str:
    return page.locator(".desk .row[data-id]").nth(number - 1).locator(".tgt").inner_text()


def start_typing(page: Page, number: int, text: str) -> None:
    page.locator(".desk .row[data-id]").nth(number - 1).locator(".tgt").click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def saved(page: Page) -> None:
    page.locator('.chip.saved[data-state="saved"]').wait_for()


def seen_within(page: Page, number: int, text: str) -> float:
    began = time.monotonic()
    page.locator(".desk .row[data-id]").nth(number - 1).locator(".tgt", has_text=text).wait_for()
    return time.monotonic() - began


def test_two_editors_see_each_other_and_neither_overwrites_the_other(pages: tuple[Page, Page, list[str]]) -> None:
    ada, bo, errors = pages
    start_typing(ada, 1, "eins")
    ada.keyboard.press("Enter")
    saved(ada)
    took_s = seen_within(bo, 1, "eins")

    # Bo types in line 2 while Ada changes lines 1 and 2: his box, his words and his caret stay
    start_typing(bo, 2, "Bo schreibt")
    bo.keyboard.press("Home")
    seen_within(ada, 2, "Bo schreibt")
    start_typing(ada, 2, "Ada war hier")
    ada.keyboard.press("Enter")
    saved(ada)
    bo.wait_for_timeout(2_000)
    box = bo.locator(".desk .row.editing textarea")
    assert box.input_value() == "Bo schreibt"
    bo.keyboard.type("Da: ")
    card = bo.locator(".desk .conflict")
    card.wait_for()
    assert box.input_value() == "Da: Bo schreibt"
    assert "Da: Bo schreibt" in card.inner_text()
    assert "Ada war hier" in card.inner_text() and "Nothing was overwritten" in card.inner_text()
    assert target(ada, 2) == "Ada war hier"
    card.get_by_role("button", name="Keep mine").click()
    card.wait_for(state="detached")
    assert seen_within(ada, 2, "Da: Bo schreibt") < 10

    # both texts are kept: what was not written first stands among the wordings
    ada.locator(".desk .row[data-id]").nth(1).locator(".n").click()
    ada.locator(".wordings .wording", has_text="Da: Bo schreibt").wait_for()
    assert errors == [] and took_s < SEEN_WITHIN_S


def test_undo_survives_a_reload_shows_the_line_and_the_history_restores(pages: tuple[Page, Page, list[str]]) -> None:
    ada, _, errors = pages
    for text in ("erster Versuch", "zweiter Versuch"):
        start_typing(ada, 3, text)
        ada.keyboard.press("Enter")
        saved(ada)
    ada.reload()
    ada.locator(".desk .row[data-id]").nth(7).wait_for()
    ada.locator(".desk .row[data-id]").nth(5).locator(".n").click()
    ada.keyboard.press("z")
    ada.locator(".undone", has_text="Undone: Translation of line 3").wait_for()
    assert seen_within(ada, 3, "erster Versuch") < 5
    assert ada.locator(".desk .row.active .n").inner_text().startswith("3")
    ada.keyboard.press("Shift+Z")
    seen_within(ada, 3, "zweiter Versuch")
    ada.keyboard.press("h")
    ada.locator(".history-drawer .change").nth(3).wait_for()
    older = ada.locator(".history-drawer .change", has_text="erster Versuch").last
    older.hover()
    older.get_by_role("button", name="Restore").click()
    seen_within(ada, 3, "erster Versuch")
    assert errors == []


def test_a_crashed_tab_and_a_lost_connection_lose_no_keystroke(pages: tuple[Page, Page, list[str]], browser: Browser, served: Served) -> None:  # noqa: F811
    ada, bo, _ = pages
    # the connection drops in mid-edit; Bo changes the line meanwhile
    ada.context.set_offline(True)
    start_typing(ada, 4, "getippt ohne Netz")
    ada.keyboard.press("Enter")
    ada.locator('.chip.saved[data-state="retrying"]').wait_for()
    start_typing(bo, 4, "inzwischen")
    bo.keyboard.press("Enter")
    saved(bo)
    ada.context.set_offline(False)
    ada.locator(".desk .conflict", has_text="getippt ohne Netz").wait_for()
    assert target(bo, 4) == "inzwischen"
    ada.locator(".desk .conflict").get_by_role("button", name="Keep theirs").click()
    seen_within(ada, 4, "inzwischen")

    # the tab dies in the middle of a word: the next one on this machine sends what it held
    crashed = ada.context.new_page()
    crashed.goto(ada.url)
    crashed.locator(".desk .row[data-id]").nth(7).wait_for()
    crashed.route("**/desk/*/revise", lambda route: None)
    start_typing(crashed, 5, "mitten im Wo")
    crashed.wait_for_function("Object.keys(localStorage).some((key) => localStorage[key].includes('mitten im Wo'))")
    storage = ada.context.storage_state()
    after = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=storage)
    after.add_init_script("const now = Date.now; Date.now = () => now() + 60_000")
    page = after.new_page()
    page.goto(ada.url)
    page.locator(".desk .row[data-id]").nth(7).wait_for()
    saved(page)
    seen_within(page, 5, "mitten im Wo")
    seen_within(bo, 5, "mitten im Wo")
    after.close()


def test_a_line_deleted_under_the_typist_comes_back_with_what_was_typed(pages: tuple[Page, Page, list[str]]) -> None:
    ada, bo, _ = pages
    start_typing(bo, 6, "noch")
    saved(bo)
    ada.locator(".desk .row[data-id]").nth(5).locator(".n").click()
    line = ada.locator(".desk .row.active").get_attribute("data-id")
    ada.evaluate(
        "([project, line]) => fetch(`desk/${project}/delete`, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({line_ids: [line]})})",
        [ada.url.split("project=")[1].split("&")[0], line],
    )
    bo.keyboard.type(" da")
    card = bo.locator(".desk .lost .conflict")
    card.wait_for()
    assert "deleted this line while you typed" in card.inner_text() and "noch da" in card.inner_text()
    card.get_by_role("button", name="Bring the line back with mine").click()
    seen_within(bo, 6, "noch da")
    seen_within(ada, 6, "noch da")
