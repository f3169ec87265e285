"""Notes, sign-off and a review link in a real browser: written by key, kept as text, read by a guest who can change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.service import LineEdit, Studio
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.studio_fixtures import clip_project, fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)> & <b>bold</b>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


def texts(studio: Studio, project_id: str) -> list[str]:
    return [note.text for note in studio.notes(project_id)]


def test_notes_are_written_by_key_answered_by_a_guest_and_lines_signed_off(browser: Browser, served: Served, clip: Path) -> None:
    studio, context = served.studio, browser.new_context(viewport={"width": 1440, "height": 900})
    project = clip_project(studio, clip)
    for row in studio.rows(project.id):
        studio.revise_line(project.id, row.line.id, LineEdit(target_text="eins"))
    page, watch = watched(context)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    page.locator(".desk .row[data-id]").first.locator(".n").click()
    page.keyboard.press("m")
    page.keyboard.type(f"{HOSTILE} as in #2")
    page.keyboard.press("Enter")
    card = page.locator(".card.notes")
    card.locator(".said", has_text=HOSTILE).wait_for()
    assert card.locator("img, .said b").count() == 0 and card.locator(".mention").inner_text() == "#2"
    page.keyboard.press("m")
    page.keyboard.type("not yet")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    assert card.locator(".note-box textarea").last.input_value() == "not yet", "what was not saved is kept"
    page.keyboard.press("Escape")
    card.locator(".mention").click()
    page.locator('.desk .row[aria-selected="true"]', has_text="2").wait_for()
    page.keyboard.press("Shift+M")
    page.locator(".notes-drawer .thread .place", has_text="#1").wait_for()
    page.locator(".notes-drawer").get_by_role("button", name="Share for review…").click()
    page.locator("#share-label:focus").wait_for()
    page.keyboard.type("Director")
    page.keyboard.press("Enter")
    page.locator(".reviewing .made").wait_for()
    address = page.locator(".reviewing .made input").input_value()
    page.keyboard.press("Escape")

    guest, seen = watched(browser.new_context(viewport={"width": 1280, "height": 800}))
    guest.goto(address)
    guest.locator(".line .said", has_text=HOSTILE).wait_for()
    assert guest.locator(".line textarea:visible, [contenteditable], img").count() == 0
    guest.get_by_role("button", name="Note on line 2").click()
    guest.keyboard.type(f"{HOSTILE} louder")
    guest.keyboard.press("Enter")
    guest.locator(".trouble", has_text="Write your name first").wait_for()
    guest.keyboard.type("Jo")
    guest.locator(".line").nth(1).locator("textarea").press("Enter")
    guest.locator(".line").nth(1).locator(".guest").wait_for()
    assert guest.get_by_role("button", name="Resolve").count() == 0 and guest.get_by_role("button", name="Delete").count() == 0
    guest.reload()
    assert guest.locator(".say input").input_value() == "Jo"
    guest.locator(".line .go").nth(1).click()
    guest.locator(".line.on", has_text="three four five").wait_for()
    assert texts(studio, project.id) == [f"{HOSTILE} as in #2", f"{HOSTILE} louder"]

    page.locator(".notes-drawer .guest").wait_for()
    page.keyboard.press("Shift+M")
    page.keyboard.press("Shift+A")
    page.locator(".signoff .plan", has_text="2 lines with open notes").wait_for()
    page.locator(".signoff .check input").check()
    page.get_by_role("button", name="Approve 2 lines").click()
    page.wait_for_function("document.querySelectorAll('.desk .row[data-id] .st')[1].textContent.includes('approved')")
    assert {row.line.status.value for row in studio.rows(project.id)} == {"approved"}
    assert watch.errors == [] and watch.left_the_machine == [] and seen.errors == [] and seen.left_the_machine == []
    context.close()
    guest.context.close()
