"""What is typed and pressed while news comes, in a real browser: nothing typed is painted over, no edit undoes the one before, no press is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from studio.service import LineEdit
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, Watch, browser, run_server, watched
from tests.studio_fixtures import clip_project, fake_studio

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser
__all__ = ["browser"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions(with_demo=False))
    studio.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield watched(context)
    context.close()


def test_fields_typed_one_after_the_other_are_all_kept_and_news_paints_over_none(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    studio, project = served.studio, clip_project(served.studio, clip)
    first, second = (row.line for row in studio.rows(project.id))
    page.goto(f"{served.address}?project={project.id}&tab=upload")
    page.locator(".rules summary", has_text="Characters").click()
    page.locator(".rules .character summary").first.click()
    page.get_by_label("Slowest").first.focus()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.type("6.5")
    page.keyboard.press("Tab")
    page.locator(".rules .character .gist", has_text="3–6.5/s").first.wait_for(state="attached")
    sheet = studio.sheets(project.id)[first.speaker_id]
    assert (sheet.min_pace, sheet.max_pace) == (3, 6.5), "the second box knows of the first"

    show = page.get_by_label("Name of a new show")
    show.click()
    page.keyboard.type("Harbour ")
    with page.expect_response(lambda answer: answer.url.endswith("/rules")):
        studio.revise_line(project.id, second.id, LineEdit(target_text="vier"))
    page.keyboard.type("Lights")
    assert show.input_value() == "Harbour Lights"

    page.get_by_role("tab", name="Lines", exact=True).click()
    page.locator("#tabs .desk .row[data-id]").first.click()
    page.locator(".about").get_by_label("In", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.2")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("1.5")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Out' && document.activeElement.value === '00:00:01:12'")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    span = studio.rows(project.id)[0].line.span
    assert (span.start_ms, span.end_ms) == (200, 1500)
    assert watch.errors == []


def test_a_slow_press_holds_while_a_film_is_on_its_way_and_the_header_says_how_far_it_is(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    held: list[Route] = []
    page.route("**/uploads/*", lambda route: held.append(route) if route.request.method == "PATCH" else route.fallback())
    page.goto(f"{served.address}?tab=upload")
    page.set_input_files("#media-file input[type=file]", str(clip))
    strip = page.locator(".header .sending")
    strip.locator(".said", has_text="clip.mp4").wait_for()
    pause = page.get_by_role("button", name="Pause", exact=True)
    pause.hover()
    page.mouse.down()
    page.evaluate("import(new URL('look/js/repaint.js', document.baseURI)).then(({ repaint }) => repaint(document.querySelector('#media-file .upload-body'), () => (document.querySelector('#media-file .upload-body').dataset.anew = 'yes')))")
    assert page.locator("#media-file .upload-body[data-anew]").count() == 0, "what is pressed is not exchanged"
    page.mouse.up()
    page.get_by_role("button", name="Go on", exact=True).wait_for()
    strip.locator(".left", has_text="0 % · paused").wait_for()
    page.get_by_role("tab", name="Lines", exact=True).click()
    strip.get_by_role("button", name="Take the upload back").click()
    strip.get_by_role("button", name="Take it back?").click()
    strip.wait_for(state="hidden")
    page.wait_for_function("fetch('uploads').then((answer) => answer.json()).then(({ uploads }) => uploads.length === 0)")
    assert watch.errors == []
