"""Lips in a real browser: marks on the rows, the score card, mouth and speech to play from, the worst lines, and moved sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.project import JobKind, Project
from studio.domain.sync import OVERLAP_DEFINITION
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, Watch, open_tab, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.lip_fakes import OFFSET, SCORER, SMALL, LipStudio
from tests.studio_fixtures import clip_project, fake_studio, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
CUES = b"".join(b"%d\n00:00:0%d,%d00 --> 00:00:0%d,%d00\nwords %d\n\n" % (n + 1, n * 7 // 10, n * 7 % 10, (n * 7 + 6) // 10, (n * 7 + 6) % 10, n) for n in range(4))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(LipStudio.over(studio), ServeOptions())
    studio.close()


@pytest.fixture(scope="module")
def project(served: Served, clip: Path) -> Project:
    project = clip_project(served.studio, clip, script=CUES)
    finish(served.studio, served.studio.submit(project.id, JobKind.VOICE))
    return project


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield watched(context)
    context.close()


def open_lines(page: Page, served: Served, project: Project) -> None:
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(3).wait_for()


def select(page: Page, at: int) -> None:
    page.locator(".desk .row[data-id]").nth(at).locator(".n").click()


def test_a_row_shows_who_is_seen_and_how_the_lips_agree_without_colour(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    open_lines(page, served, project)
    cells = page.locator(".desk .row[data-id] > .lips")
    assert cells.nth(0).inner_text().split() == ["6.3", "in", "sync"] and cells.nth(0).get_attribute("data-verdict") == "agree"
    assert cells.nth(1).inner_text().split() == ["2.5", "−3", "f"] and cells.nth(1).get_attribute("data-verdict") == "off"
    assert cells.nth(2).inner_text() == "" and cells.nth(3).inner_text() == ""
    titles = [cells.nth(at).get_attribute("aria-label") or "" for at in range(4)]
    assert SCORER in titles[0] and "3 frames late" in titles[1] and "could not be scored" in titles[2] and "not in the picture" in titles[3]
    marks = [cells.nth(at).locator("svg path").get_attribute("d") for at in (0, 3)]
    assert marks[0] != marks[1], "told apart by shape"
    assert watch.errors == [] and watch.left_the_machine == []


def test_the_score_card_names_the_scorer_and_defines_the_overlap(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    open_lines(page, served, project)
    select(page, 1)
    card = page.locator(".score-card")
    card.locator(".fine", has_text=f"Lips scored by {SCORER}, mouth crop, 42 windows.").wait_for()
    card.locator(".fine", has_text=OVERLAP_DEFINITION).wait_for()
    shown = dict(zip(card.locator(".score .term").all_inner_texts(), card.locator(".score b").all_inner_texts(), strict=True))
    assert (shown["LSE-C"], shown["LSE-D"], shown["offset f"], shown["overlap"]) == ("2.50", "7.50", "−3", "0.90")
    assert {"P", "rate", "seen"} <= set(shown) and shown["seen"] == "97\u00a0%"
    assert watch.errors == []


def test_what_cannot_be_measured_says_why_and_shows_no_number(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    open_lines(page, served, project)
    select(page, 2)
    card = page.locator(".score-card")
    card.locator(".fine", has_text=SMALL).wait_for()
    assert card.locator(".score.lips b").all_inner_texts()[:4] == ["–", "–", "–", "0.50"]
    assert watch.errors == []


def test_a_press_on_the_lanes_places_the_playhead_and_the_keys_play_from_there(
    tab: tuple[Page, Watch], served: Served, project: Project
) -> None:
    page, watch = tab
    open_lines(page, served, project)
    select(page, 1)
    plot = page.locator("canvas.overlay")
    page.locator(".lane-part .readout", has_text="seen for half of the line").wait_for()
    page.locator(".controls").get_by_role("button", name="Source", exact=True).click()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 20)
    placed = page.evaluate("document.querySelector('.desk video').currentTime")
    assert placed > 0.5
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_function("at => document.querySelector('.desk video').currentTime > at", arg=placed)
    assert not page.evaluate("document.querySelector('.desk video').muted")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.desk video').paused")
    page.locator(".controls").get_by_role("button", name="Take", exact=True).click()
    plot.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "mouth 50\u00a0% open" in (plot.get_attribute("aria-valuetext") or "")
    page.keyboard.press("End")
    assert "mouth not seen" in (plot.get_attribute("aria-valuetext") or "")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.desk video').muted && document.querySelector('.player').dataset.playing === 'take'")
    assert "The source speaks at" in page.locator("#overlay-words").inner_text()
    assert watch.errors == []


def test_lines_whose_lips_are_off_stand_worst_first_and_figures_and_lists_lead_to_them(
    tab: tuple[Page, Watch], served: Served, project: Project
) -> None:
    page, watch = tab
    open_lines(page, served, project)
    page.locator(".toolbar .chip", has_text="Lips off 1").click()
    assert page.locator(".desk .row[data-id] .n").all_inner_texts() == ["2"]
    open_tab(page, "Preview")
    worst = page.locator(".worst .bad-line")
    worst.first.wait_for()
    assert worst.count() == 1 and "−3 f" in worst.first.inner_text() and SCORER in page.locator(".worst p").inner_text()
    worst.first.locator(".play").click()
    page.wait_for_function("document.querySelector('.stage video').currentTime >= 0.65")
    open_tab(page, "Overview")
    point = page.locator(".card.figure-lips").locator(".scatterlayer path.point").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    point.click(force=True)
    page.locator(".desk .row.active .n", has_text="1").wait_for()
    assert page.locator(".desk .row[data-id]").count() == 4, "a filter that hides the line gives way"
    open_tab(page, "Preview")
    worst.first.get_by_role("button", name="Open line 2 on the Lines tab").click()
    page.locator(".desk .row.active .n", has_text="2").wait_for()
    assert watch.errors == []


def test_sound_that_is_early_is_said_on_the_desk_and_mended_with_one_press(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    studio = served.studio
    assert isinstance(studio, LipStudio)
    type(studio).offset = OFFSET
    studio._shop.results.put(_notice_key(project), OFFSET.why + " Correct it.", seconds=0.0, peak_memory_mb=0)
    open_lines(page, served, project)
    page.locator(".desk .notices summary", has_text="120 ms early").wait_for()
    page.get_by_role("button", name="Correct it: play the sound 120 ms later").first.click()
    page.locator(".desk .notices .btn").wait_for(state="hidden")
    assert studio.asked[-2:] == ["correct", "look"]
    assert studio.project(project.id).project.settings.sound_shift_ms == 120
    open_tab(page, "Upload")
    page.locator(".facts", has_text="played 120 ms later").get_by_role("button", name="Play it as it was").click()
    page.locator(".facts", has_text="120 ms later").wait_for(state="detached")
    assert studio.project(project.id).project.settings.sound_shift_ms == 0
    assert watch.errors == []


def test_a_project_without_a_picture_shows_nothing_about_lips(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    bare = served.studio.create_project("Radio", "en", "de")
    served.studio.import_script(bare.id, CUES, "radio.srt")
    open_lines(page, served, bare)
    assert not page.locator(".desk .row.head .lips").is_visible()
    assert not page.locator("canvas.overlay").is_visible() and page.locator(".lane-box canvas.lanes").is_visible()
    assert watch.errors == []


def _notice_key(project: Project) -> object:
    from studio.steps.run import NOTICE_STAGE
    from studio.store.stage_results import StageKey

    return StageKey(project.id, NOTICE_STAGE, "av_offset", "")
