"""The Guidance tab in a real browser: presets, lines voiced, two takes switched on one picture, a sweep picked from, voices with consent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from studio.domain.project import JobKind, Project
from studio.domain.settings import Guidance
from studio.ui.launch import ServeOptions
from tests.bench_fakes import MISSING, SEES, BenchStudio
from tests.e2e.test_browser import Served, Watch, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.studio_fixtures import clip_project, fake_studio, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(BenchStudio.over(studio), ServeOptions())
    studio.close()


@pytest.fixture(scope="module")
def project(served: Served, clip: Path) -> Project:
    project = clip_project(served.studio, clip)
    served.studio.set_languages(project.id, "en", "de")
    finish(served.studio, served.studio.submit(project.id, JobKind.VOICE))
    return project


@pytest.fixture(params=[(1100, 800), (1600, 1000)], ids=["narrow", "wide"])
def tab(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Watch]]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    yield watched(context)
    context.close()


def opened(page: Page, served: Served, project: Project) -> None:
    page.goto(f"{served.address}?project={project.id}&tab=guidance")
    page.locator(".guidance .line[data-id]").nth(1).wait_for()
    page.locator(".compare .facts tbody td", has_text="face").first.wait_for()


def clean(watch: Watch) -> None:
    assert watch.errors == [] and watch.left_the_machine == []


def test_a_preset_moves_the_sliders_and_says_what_it_costs(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    opened(page, served, project)
    page.get_by_role("button", name="Same language: face 1, lips 1").click()
    page.locator(".presets-part .note.warns", has_text="other words than the dub").wait_for()
    page.wait_for_function("[...document.querySelectorAll('.guidance-page input[type=number]')].map((box) => box.value).join() === '1,1,1,0'")
    assert served.studio.project(project.id).project.settings.guidance == Guidance(1.0, 1.0)
    page.get_by_role("button", name="Words alone: face 0, lips 0").click()
    page.locator(".presets-part .note:not(.warns)", has_text="the picture is not looked at").wait_for()
    assert page.locator(".presets-part .chip[aria-pressed=true]").inner_text() == "Words alone: face 0, lips 0"
    assert page.evaluate("document.querySelector('.guidance-page').scrollWidth <= innerWidth"), "nothing hangs over the edge"
    clean(watch)


def test_ticked_lines_are_voiced_in_the_quality_chosen(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    studio = served.studio
    assert isinstance(studio, BenchStudio)
    opened(page, served, project)
    page.get_by_role("button", name="Fast preview").click()
    page.locator(".voicing .chip[data-quality=preview][aria-pressed=true]").wait_for()
    for number in (1, 2):
        page.get_by_label(f"Voice line {number} with the next press").check()
    page.get_by_role("button", name="Voice 2 lines").click()
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    assert studio.asked[-1] == "voice 2 preview"
    page.get_by_role("button", name="Final quality").click()
    page.locator(".voicing .chip[data-quality=final][aria-pressed=true]").wait_for()
    clean(watch)


def test_two_takes_play_on_one_picture_and_switch_where_they_are(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    opened(page, served, project)
    heard = "document.querySelector('.compare .ear[aria-pressed=true]').textContent"
    at = "document.querySelector('.compare video').currentTime"
    page.locator(".compare").get_by_role("button", name="Play").click()
    page.wait_for_function(f"{at} > 0.45")
    assert page.evaluate("document.querySelector('.compare video').muted"), "the film itself is never heard here"
    before = page.evaluate(at)
    page.keyboard.press("b")
    assert page.evaluate(heard) == "B" and page.evaluate(at) >= before, "a switch starts nothing anew"
    page.wait_for_function("document.querySelector('.compare .transport .btn').textContent === 'Play'")
    page.keyboard.press("a")
    assert page.evaluate(heard) == "A"
    page.get_by_label("Position in the line").focus()
    page.keyboard.press("End")
    page.keyboard.press("B")
    assert page.evaluate(heard) == "B", "the keys work on the slider too"
    page.locator(".compare .open").focus()
    clean(watch)


def test_a_sweep_is_plotted_and_a_point_picked_by_pointer_and_by_keyboard(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    studio = served.studio
    opened(page, served, project)
    studio.forget_sweep(project.id, studio.rows(project.id)[0].line.id)
    page.get_by_role("button", name="Work on line 2").click()
    page.get_by_role("button", name="Work on line 1").click()
    page.locator(".sweep-plot .annotation-text", has_text="No sweep of this line").wait_for()
    page.get_by_label("Face scales").fill("0, much")
    page.locator(".sweep .fine", has_text="a number from 0 to 5").wait_for()
    assert page.get_by_role("button", name="Sweep:").is_disabled()
    page.get_by_label("Face scales").fill("0, 1")
    page.get_by_label("Lip scales").fill("0 1")
    page.get_by_role("button", name="Sweep: 4 takes").click()
    page.locator(".sweep-plot .scatterlayer path.point").nth(3).wait_for()
    assert "word error" in (page.locator(".sweep-plot .xtitle").text_content() or "")
    rows = page.locator("table.points tbody tr")
    assert rows.count() == 4 and rows.nth(3).inner_text().split()[:3] == ["1", "·", "1"]

    point = page.locator(".sweep-plot .scatterlayer path.point").nth(3)
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    page.locator(".sweep-plot .hovertext", has_text="face 1, lips 1").wait_for()
    point.click(force=True)
    page.locator("table.points tbody tr.on th", has_text="1 · 1").wait_for()
    assert studio.rows(project.id)[0].line.guidance == Guidance(1.0, 1.0)
    page.locator(".guidance .line.own").first.wait_for()

    page.get_by_role("button", name="Take face 0, lips 1").focus()
    page.keyboard.press("Enter")
    page.locator("table.points tbody tr.on th", has_text="0 · 1").wait_for()
    assert studio.rows(project.id)[0].line.guidance == Guidance(0.0, 1.0)
    page.get_by_role("button", name="Compare face 1, lips 0 as B").click()
    page.locator(".compare .facts tbody tr").first.locator("td").nth(1).filter(has_text="face 1 · lips 0").wait_for()
    clean(watch)


def test_pauses_are_drawn_moved_typed_removed_and_given_back_to_the_source(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    opened(page, served, project)
    row = served.studio.rows(project.id)[0]

    def stored() -> list[tuple[int, int]] | None:
        pauses = served.studio.rows(project.id)[0].line.pauses
        return None if pauses is None else [(pause.start_ms, pause.end_ms) for pause in pauses]

    def becomes(wanted: list[tuple[int, int]] | None, near_ms: float = 0) -> bool:
        for _ in range(200):
            found = stored()
            if found == wanted or (found and wanted and len(found) == len(wanted) and np.abs(np.subtract(found, wanted)).max() <= near_ms):
                return True
            page.wait_for_timeout(50)
        return False

    part, typed, said = page.locator(".pauses-part"), page.get_by_label("Pauses in seconds"), page.locator("#pauses-said")
    strip = part.locator(".strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None

    def drag(start: float, end: float) -> None:
        page.mouse.move(box["x"] + start * box["width"], box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + end * box["width"], box["y"] + 20, steps=4)
        page.mouse.up()

    slot_ms = row.slot.length_ms
    near_ms = slot_ms * 0.02
    drag(0.3, 0.5)
    assert becomes([(round(0.3 * slot_ms), round(0.5 * slot_ms))], near_ms), "drawn"
    said.filter(has_text="1 pause drawn").wait_for()
    drag(0.4, 0.5)
    assert becomes([(round(0.4 * slot_ms), round(0.6 * slot_ms))], near_ms), "moved"
    drag(0.6, 0.7)
    assert becomes([(round(0.4 * slot_ms), round(0.7 * slot_ms))], near_ms), "made longer"

    typed.fill("soon")
    said.filter(has_text="is no pause").wait_for()
    typed.fill(f"0-{slot_ms + 500}")
    said.filter(has_text="does not lie within it").wait_for()
    typed.fill("0.1-0.2, 0.4-0.5")
    typed.press("Enter")
    said.filter(has_text="2 pauses drawn, 0.20 s").wait_for()
    assert becomes([(100, 200), (400, 500)])
    part.get_by_role("button", name="Pause 2").focus()
    page.keyboard.press("Delete")
    said.filter(has_text="1 pause drawn").wait_for()
    assert becomes([(100, 200)])
    page.mouse.dblclick(box["x"] + 150 / slot_ms * box["width"], box["y"] + 20)
    said.filter(has_text="No pauses drawn").wait_for()
    assert becomes(None)
    typed.fill("0.1-0.2")
    typed.press("Enter")
    said.filter(has_text="1 pause drawn").wait_for()
    part.get_by_role("button", name="From the source").click()
    said.filter(has_text="No pauses drawn").wait_for()
    assert becomes(None) and typed.input_value() == ""
    clean(watch)


def test_a_voice_is_added_only_with_its_owner_and_the_tick_and_goes_with_two_presses(
    tab: tuple[Page, Watch], served: Served, project: Project, clip: Path
) -> None:
    page, watch = tab
    opened(page, served, project)
    add, waits = page.get_by_role("button", name="Add voice"), page.locator("#voice-waits")
    assert add.is_disabled() and "Choose a recording" in waits.inner_text()
    page.get_by_label("Recording of the voice").set_input_files(clip)
    page.get_by_label("Name", exact=True).and_(page.locator(".voices-part input")).fill("Ada, warm")
    waits.filter(has_text="Say whose voice it is").wait_for()
    page.get_by_role("textbox", name="Whose voice").fill("Ada Example")
    waits.filter(has_text="Tick that its owner has agreed").wait_for()
    assert add.is_disabled()
    page.locator("#voice-agreed").check()
    add.click()
    page.locator(".references li", has_text="voice of Ada Example").wait_for()
    assert add.is_disabled() and not page.locator("#voice-agreed").is_checked(), "the next voice asks again"
    drop = page.get_by_role("button", name="Delete the voice Ada, warm")
    drop.click()
    assert len(served.studio.reference_voices(project.id)) == 1
    drop.click()
    page.locator(".references .none").wait_for()
    assert served.studio.reference_voices(project.id) == ()
    clean(watch)


def test_a_voice_without_weights_shows_the_command_that_fetches_them(tab: tuple[Page, Watch], served: Served, project: Project) -> None:
    page, watch = tab
    kind = type(served.studio)
    assert issubclass(kind, BenchStudio)
    kind.sight = MISSING
    try:
        opened(page, served, project)
        page.locator(".presets-part .command code", has_text="python -m studio models pull syncvoice").wait_for()
        page.locator(".sweep .fine", has_text="does not see the picture").wait_for()
        assert page.get_by_role("button", name="Sweep").first.is_disabled() and page.get_by_role("textbox", name="Whose voice").is_disabled()
    finally:
        kind.sight = SEES
    clean(watch)
