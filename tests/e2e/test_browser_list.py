"""The line list in a real browser: filters by presses and by typing, order by key, columns, and where the keyboard is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.line import LineStatus
from studio.domain.project import Project
from studio.service import LineEdit, Studio
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, Watch, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.studio_fixtures import fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
TEXTS = ("the pier", "pier, pier and a very long wording that cannot fit into so short a line whatever the voice does", "boats", "", "a pier", "ממתי? e\u0301")
CUES = ("WEBVTT\n\n" + "\n".join(f"00:00:{5 * n:02d}.000 --> 00:00:{5 * n + 1:02d}.000\n<v {'Mei' if n % 2 else 'Lao'}>source {n}\n" for n in range(1, 7))).encode()
GRID = """() => { const grid = document.querySelector('.desk [role=grid]'); const rows = [...grid.querySelectorAll('[role=row]')];
  return [grid.getAttribute('aria-rowcount'), rows.map((row) => row.getAttribute('aria-rowindex')).join(), grid.querySelectorAll('.row[tabindex="0"]').length] }"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield watched(context)
    context.close()


def made(studio: Studio) -> Project:
    project = studio.create_project("Pier", "en", "de")
    studio.import_script(project.id, CUES, "pier.vtt")
    for row, text in zip(studio.rows(project.id), TEXTS, strict=True):
        studio.revise_line(project.id, row.line.id, LineEdit(target_text=text))
    return project


def opened(page: Page, served: Served, project: Project) -> None:
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator("#tabs .desk .row[data-id]").nth(5).wait_for()  # the frame too: one that is left while it starts says so in the console


def shows(page: Page, *wanted: str) -> None:
    page.wait_for_function("(want) => [...document.querySelectorAll('.desk .row[data-id] .n')].map((n) => n.firstChild.data).join() === want", arg=",".join(wanted))


def test_lines_are_narrowed_by_presses_and_by_typing_and_sorted_by_key(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    project = made(served.studio)
    second = served.studio.rows(project.id)[1].line.id
    opened(page, served, project)
    assert page.evaluate(GRID) == ["7", "1,2,3,4,5,6,7", 1]
    page.locator(".chips .chip", has_text="Over budget").click()
    shows(page, "2")
    page.locator(".chips .chip", has_text="To approve").click()
    assert page.locator(".desk .search").input_value() == "over open"
    served.studio.set_status(project.id, [second], LineStatus.APPROVED)
    page.reload()
    page.locator("#tabs .desk .empty", has_text="No line matches").wait_for()
    page.get_by_role("button", name="Show all lines").click()
    shows(page, "1", "2", "3", "4", "5", "6")
    page.keyboard.press("/")
    page.keyboard.type("text:pier -status:approved colour:red")
    shows(page, "1", "5")
    page.locator(".problems", has_text="Lines have no “colour”").wait_for()
    page.fill(".desk .search", "out")
    page.locator(".desk .empty").wait_for()
    page.fill(".desk .search", "speaker:Mei -empty")
    shows(page, "1", "3", "5")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('.desk .row.active')")
    page.get_by_role("button", name="Sort by Translation").focus()
    page.keyboard.press("Enter")
    shows(page, "5", "3", "1")
    assert page.locator('[role=columnheader][aria-sort="ascending"]').inner_text().startswith("TRANSLATION")
    page.keyboard.press("Enter")
    shows(page, "1", "3", "5")
    assert "sort=-tgt" in page.url
    page.keyboard.press("Shift+F")
    page.keyboard.press("Shift+C")
    page.get_by_role("menuitemcheckbox", name="Pace").press("Enter")
    page.keyboard.press("Escape")
    page.reload()
    page.locator('.desk [role=columnheader] [data-column="pace"]').wait_for()
    assert watch.errors == []


def test_many_lines_are_replaced_in_and_changed_at_once_and_taken_back_in_one_step(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    project = made(served.studio)
    studio = served.studio
    studio.set_status(project.id, [studio.rows(project.id)[4].line.id], LineStatus.LOCKED)
    opened(page, served, project)
    page.keyboard.press("Control+H")
    page.get_by_label("Look for").fill("pier")
    page.get_by_label("Put there").fill("dock")
    page.locator("dialog.replace .hit.off", has_text="locked").wait_for()
    page.get_by_label("pier → dock").nth(2).uncheck()
    page.get_by_role("button", name="Replace 2 places").click()
    page.locator("dialog.replace .said", has_text="2 places replaced").wait_for()
    page.keyboard.press("Escape")
    assert [row.line.target_text[:12] for row in studio.rows(project.id)][:5] == ["the dock", "dock, pier a", "boats", "", "a pier"]
    page.locator(".desk .row[data-id]").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Alt+C")
    page.get_by_role("dialog", name="Change the selected lines").get_by_role("button", name="approved").click()
    page.locator(".desk .row[data-id] .st", has_text="approved").nth(1).wait_for()
    page.keyboard.press("Escape")
    assert [row.line.status.value for row in studio.rows(project.id)][:3] == ["approved", "approved", "adapted"]
    page.keyboard.press("Control+Z")
    page.keyboard.press("Control+Z")
    page.locator(".desk .row[data-id] .tgt", has_text="the pier").wait_for()
    assert watch.errors == []


def test_a_speaker_goes_once_somebody_takes_the_lines_and_none_of_them_is_locked(tab: tuple[Page, Watch], served: Served) -> None:
    page, _ = tab
    project, studio = made(served.studio), served.studio
    mei = next(row.line for row in studio.rows(project.id) if row.speaker.name == "Mei")
    studio.set_status(project.id, [mei.id], LineStatus.LOCKED)
    opened(page, served, project)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Speakers").click()
    theirs = page.locator('dialog.speakers .speaker:has(input[value="Mei"])')
    theirs.get_by_role("button", name="Remove…").click()
    remover = page.locator("dialog.speakers .remover", has_text="3 lines to")
    remover.get_by_role("button", name="Remove", exact=True).click()
    page.locator(".toast", has_text="1 line is locked, so their speaker stays").wait_for()
    studio.set_status(project.id, [mei.id], LineStatus.DRAFT)
    theirs.get_by_role("button", name="Remove…").click()
    remover.get_by_role("button", name="Remove", exact=True).click()
    page.wait_for_function("document.querySelectorAll('dialog.speakers .speaker').length === 1")
    assert {row.speaker.name for row in studio.rows(project.id)} == {"Lao"}


def test_a_text_the_studio_refuses_stays_with_its_reason_even_after_a_reload(tab: tuple[Page, Watch], served: Served) -> None:
    page, _ = tab
    project = made(served.studio)
    opened(page, served, project)
    row = page.locator(".desk .row[data-id]").first
    row.locator(".tgt").click()
    page.locator(".desk .row.editing textarea").fill("long " * 2000)
    page.keyboard.press("Enter")
    row.locator(".why", has_text="2000 characters; this text has 10000").wait_for()
    page.reload()
    row.locator(".why", has_text="2000 characters").wait_for()
    assert len(row.locator("textarea").input_value()) == 10_000
    assert served.studio.rows(project.id)[0].line.target_text == "the pier"
    row.get_by_role("button", name="Take back what is stored").click()
    page.wait_for_function("document.querySelector('.desk .row[data-id] .tgt').textContent === 'the pier'")
    assert page.locator(".desk .row[data-id]").nth(5).locator(".tgt").evaluate("(cell) => getComputedStyle(cell).direction") == "rtl"


def test_a_script_asks_before_it_takes_the_lines_place_and_an_update_is_shown_first(tab: tuple[Page, Watch], served: Served, tmp_path: Path) -> None:
    page, watch = tab
    project, studio = made(served.studio), served.studio
    script = tmp_path / "pier.vtt"
    script.write_bytes(CUES.replace(b"source 2", b"source two"))
    page.goto(f"{served.address}?project={project.id}&tab=upload")
    page.set_input_files("#script-file input[type=file]", str(script))
    asked = page.get_by_role("dialog", name="Replace the lines by “pier.vtt”")
    asked.get_by_text("6 lines of this project give way").wait_for()
    page.wait_for_function("document.activeElement.textContent === 'Cancel'")
    page.keyboard.press("Enter")
    asked.wait_for(state="detached")
    assert [row.line.source_text for row in studio.rows(project.id)] == [f"source {n}" for n in range(1, 7)]

    page.get_by_label("updates the lines it knows").check()
    page.set_input_files("#script-file input[type=file]", str(script))
    asked = page.get_by_role("dialog", name="Update the lines from “pier.vtt”")
    asked.locator(".changes td ins", has_text="two").wait_for()
    asked.get_by_role("button", name="Update 1 line").click()
    page.locator(".facts", has_text="Lines changed: 1").wait_for(state="attached")
    rows = studio.rows(project.id)
    assert rows[1].line.source_text == "source two" and rows[0].line.target_text == TEXTS[0]
    studio.undo(project.id)
    assert studio.rows(project.id)[1].line.source_text == "source 2"
    assert watch.errors == []
