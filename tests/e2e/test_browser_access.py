"""The page for everyone: axe-core finds nothing serious on any tab, in any dialog, in either scheme; the page speaks Chinese when asked;
keys are remapped where they are listed, and follow the person to another browser."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from studio.domain.project import JobKind
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import PATIENCE_MS, Served, Watch, browser, run_server, watched
from tests.studio_fixtures import clip_project, fake_studio, finish

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
__all__ = ["browser"]
TABS = ("projects", "upload", "lines", "guidance", "preview", "overview", "export")
# Gradio's own, within widgets we cannot reach: rule and where it is allowed, with the reason.
BEYOND_US: dict[str, str] = {}


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Served, str]]:
    """A served studio with a voiced project in it."""
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    project = clip_project(studio, clip)
    for kind in (JobKind.TRANSLATE, JobKind.VOICE, JobKind.RENDER):
        finish(studio, studio.submit(project.id, kind))
    for served in run_server(studio, ServeOptions(with_demo=False)):
        yield served, project.id
    studio.close()


def opened(browser: Browser, served: Served, project_id: str, **context: Any) -> tuple[Page, Watch]:
    page, watch = watched(browser.new_context(viewport={"width": 1280, "height": 800}, **context))
    page.goto(f"{served.address}?project={project_id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    return page, watch


def show(page: Page, tab: str) -> None:
    page.locator(f'#tabs [role="tab"][data-tab-id="{tab}"]').click()
    page.locator(f'#tabs [role="tab"][data-tab-id="{tab}"][aria-selected="true"]').wait_for()
    page.wait_for_timeout(400)


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, each with the first element it stands on."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], elementRef: false})")["violations"]
    return [
        f"{one['id']} ×{len(one['nodes'])}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')[:300]}"
        for one in found
        if one["impact"] in ("serious", "critical") and one["id"] not in BEYOND_US
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_serious_anywhere(browser: Browser, dubbed: tuple[Served, str], scheme: str) -> None:
    page, watch = opened(browser, *dubbed, color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    for tab in TABS:
        show(page, tab)
        found[tab] = serious(page)
    show(page, "lines")
    page.locator(".desk .row[data-id]").first.click()
    page.keyboard.press("Enter")
    found["editing"] = serious(page)
    page.keyboard.press("Escape")
    for part in ("?", "Shift+H"):
        page.keyboard.press(part)
        page.locator("dialog.help[open]").wait_for()
        found[f"help {part}"] = serious(page)
        page.keyboard.press("Escape")
        page.locator("dialog.help").wait_for(state="detached")
    page.locator(".toolbar .further").click()  # at this width the last buttons are found under More
    found["more"] = serious(page)
    page.locator('[role="menuitem"]', has_text="Speakers…").click()
    found["speakers"] = serious(page)
    page.context.close()

    assert {place: said for place, said in found.items() if said} == {}
    assert not watch.errors
    assert not watch.left_the_machine


def test_keys_are_remapped_in_the_help_and_follow_the_person(browser: Browser, dubbed: tuple[Served, str]) -> None:
    page, watch = opened(browser, *dubbed)
    page.locator("body").press("?")
    page.locator('li[data-command="next-unfit"]').hover()
    page.get_by_role("button", name="Change: Next line that does not fit").click()
    page.keyboard.press("a")  # taken: told, and not yet given
    assert "Approve" in page.locator(".help-said").inner_text()
    page.keyboard.press("u")  # a key that nothing has
    page.locator('li[data-command="next-unfit"] kbd', has_text="U").wait_for()
    page.wait_for_timeout(600)
    page.keyboard.press("Escape")
    page.context.close()

    page, _ = opened(browser, *dubbed)
    assert "U next unfit" in page.locator(".desk footer").inner_text().replace("\n", " ")
    page.locator("body").press("?")
    page.locator('li[data-command="next-unfit"]').hover()
    page.get_by_role("button", name="Reset: Next line that does not fit").click()
    page.locator('li[data-command="next-unfit"] kbd', has_text="N").wait_for()
    page.wait_for_timeout(600)
    page.context.close()

    assert dubbed[0].studio.person_settings().keys == ()
    assert not watch.errors


def test_the_page_speaks_chinese_where_the_browser_does_or_the_person_chose_it(browser: Browser, dubbed: tuple[Served, str]) -> None:
    served, project_id = dubbed
    page, watch = opened(browser, served, project_id, locale="zh-CN")
    page.get_by_role("tab", name="台词").wait_for(timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert page.get_by_role("button", name="全部翻译").is_visible()
    page.get_by_role("button", name="English").click()
    page.get_by_role("tab", name="Lines").wait_for()
    assert served.studio.person_settings().language == "en"
    page.context.close()

    page, _ = opened(browser, served, project_id, locale="zh-CN")
    page.get_by_role("tab", name="Lines").wait_for()
    page.context.close()
    served.studio.set_language(None)
    assert not watch.errors
