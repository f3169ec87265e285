"""People in a real browser: who reviews sees a desk without controls that would be refused, the owner shares with a role, a guest sees the demo,
and who is switched off is at the login page within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions
from tests.accounts import add_people, password_of
from tests.e2e.test_browser import Served, Watch, browser, run_server, watched
from tests.studio_fixtures import clip_project, fake_studio

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
__all__ = ["browser"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Served, str]]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, rita=Role.EDITOR, max=Role.ADMIN)
    project = clip_project(studio.as_user("ada"), clip)
    for served in run_server(studio, ServeOptions(with_demo=False)):
        yield served, project.id
    studio.close()


def logged_in(browser: Browser, served: Served, name: str, place: str) -> tuple[Page, Watch]:
    """A browser that followed a link and was asked for a password first."""
    page, watch = watched(browser.new_context(viewport={"width": 1280, "height": 800}))
    page.goto(f"{served.address}?{place}")
    page.fill('input[name="name"]', name)
    page.fill('input[name="password"]', password_of(name))
    page.click("button")
    page.locator(".header .leave .chip", has_text=name).wait_for()
    return page, watch


def test_the_owner_shares_with_a_role_and_a_reviewer_looks_and_notes(browser: Browser, house: tuple[Served, str]) -> None:
    served, project_id = house
    ada, _ = logged_in(browser, served, "ada", f"project={project_id}&tab=lines")
    ada.locator(".desk .row[data-id]").first.wait_for()
    ada.evaluate("import(new URL('look/js/desk/commands.js', document.baseURI)).then((m) => m.perform('share'))")
    people = ada.locator("dialog.reviewing .editors")
    people.locator("input").fill("rita")
    people.locator("select").first.select_option("reviewer")
    people.get_by_role("button", name="Share").click()
    people.locator(".link", has_text="rita").wait_for()
    assert people.locator(".link select").input_value() == "reviewer"

    rita, watch = logged_in(browser, served, "rita", f"project={project_id}&tab=lines")
    row = rita.locator(".desk .row[data-id]").first
    row.wait_for()
    rita.locator(".desk .reading", has_text="its owner can let you edit").wait_for()
    row.locator(".tgt").click()
    rita.keyboard.press("Enter")
    assert rita.locator(".desk textarea:visible").count() == rita.locator(".desk .notes textarea:visible, .desk textarea[disabled]:visible").count()
    assert not rita.get_by_role("button", name="Translate all").is_visible()
    assert [tab for tab in ("Upload", "Guidance", "Export") if rita.get_by_role("tab", name=tab, exact=True).is_visible()] == []
    rita.keyboard.press("m")
    rita.keyboard.type("Too fast for her lips.")
    rita.keyboard.press("Enter")
    rita.locator(".desk .threads", has_text="Too fast").wait_for()

    people.locator(".link select").select_option("editor")
    people.locator(".link select").wait_for()
    assert watch.errors == []
    rita.reload()
    watch.errors.clear()  # a question of the page framework that leaving broke off
    rita.get_by_role("button", name="Translate all").wait_for()
    assert not rita.locator(".desk .reading").is_visible()
    for page in (ada, rita):
        page.context.close()
    assert watch.errors == [] and watch.left_the_machine == []
    assert [note.by for note in served.studio.as_user("ada").notes(project_id)] == ["rita"]


def test_who_is_switched_off_is_out_and_a_password_is_changed_on_the_page(browser: Browser, house: tuple[Served, str]) -> None:
    served, project_id = house
    studio: Studio = served.studio
    page, _ = logged_in(browser, served, "ada", f"project={project_id}&tab=lines")
    page.locator(".header .leave .chip").click()
    boxes = page.locator("dialog.password input[type=password]")
    for at, text in enumerate((password_of("ada"), "a brand new one", "a brand new one")):
        boxes.nth(at).fill(text)
    page.get_by_role("button", name="Change", exact=True).click()
    page.locator("dialog.password").wait_for(state="detached")
    assert studio._shop.accounts.verify("ada", "a brand new one")
    studio.as_user("max").disable_account("ada")
    page.locator('input[name="password"]').wait_for()  # the page asks every few seconds, with a project or without, and is sent there
    page.context.close()
