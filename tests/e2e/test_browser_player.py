"""The player in a real browser: a line plays as soon as it is selected, in every mode, and is moved and split in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.project import JobKind, Project
from studio.domain.timing import TimeSpan
from studio.service import LineEdit
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, browser, run_server, watched
from tests.studio_fixtures import clip_project, fake_studio, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
__all__ = ["browser"]
CUES = b"1\n00:00:00,200 --> 00:00:01,000\nfirst words\n\n2\n00:00:01,200 --> 00:00:02,200\nsecond words here\n\n"
FRAME_MS = 40  # of the clip
HEARD = """() => {
  window.heard = [];
  window.addEventListener("lipline:playing", (event) => window.heard.push(event.detail));
}"""
PLAYING = "mode => document.querySelector('.player').dataset.playing === mode"
VIDEO = "document.querySelector('.player video')"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


@pytest.fixture(scope="module")
def project(served: Served, clip: Path) -> Project:
    project = clip_project(served.studio, clip, script=CUES)
    finish(served.studio, served.studio.submit(project.id, JobKind.VOICE))
    return project


def spans(served: Served, project: Project) -> list[TimeSpan]:
    return [row.line.span for row in served.studio.rows(project.id)]


def saved(page: Page) -> None:
    page.wait_for_timeout(500)  # nudges in a row are one edit, sent a moment after the last
    page.wait_for_function("() => document.querySelector('.saved')?.dataset.state === 'saved'")


@pytest.mark.timeout(240)
def test_a_line_plays_once_it_is_selected_and_is_moved_and_split_in_place(browser: Browser, served: Served, project: Project) -> None:
    page, watch = watched(browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"))
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.evaluate(HEARD)
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    page.wait_for_function(f"() => {VIDEO}.readyState >= 1")
    before = spans(served, project)

    # selected and played: the take, over the picture, again and again
    page.locator(".desk .row[data-id]").nth(1).locator(".n").click()
    page.keyboard.press("Space")
    page.wait_for_function("() => window.heard.length === 1")
    assert page.evaluate("window.heard[0].mode") == "take" and page.evaluate(f"{VIDEO}.muted")
    assert page.evaluate(f"{VIDEO}.currentTime * 1000") >= before[1].start_ms - 320
    page.wait_for_function(f"() => (window.furthest = Math.max(window.furthest ?? 0, {VIDEO}.currentTime)) > {VIDEO}.currentTime + 0.5", polling="raf")
    assert page.evaluate("window.furthest * 1000") > before[1].end_ms

    # another mode is heard at once, without a stop
    page.keyboard.press("q")
    page.wait_for_function(PLAYING, arg="source")
    assert not page.evaluate(f"{VIDEO}.muted")
    page.keyboard.press("e")
    page.wait_for_function(PLAYING, arg="context")
    page.wait_for_function(f"() => {VIDEO}.muted && !{VIDEO}.paused")
    page.keyboard.press("w")
    page.wait_for_function(PLAYING, arg="take")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {VIDEO}.paused")

    # nudged by keys, and taken back as one edit
    page.keyboard.press("]")
    page.keyboard.press("]")
    saved(page)
    assert spans(served, project)[1].start_ms == before[1].start_ms + 2 * FRAME_MS
    page.keyboard.press("Control+z")
    saved(page)
    assert spans(served, project) == before

    # an edge dragged by hand
    edge = page.locator(".lane-source [part~='region-handle-right']").first.bounding_box()
    assert edge is not None
    page.mouse.move(edge["x"] + 2, edge["y"] + 20)
    page.mouse.down()
    page.mouse.move(edge["x"] + 42, edge["y"] + 20, steps=6)
    page.mouse.up()
    saved(page)
    dragged = spans(served, project)
    assert dragged[1].start_ms == before[1].start_ms and dragged[1].end_ms > before[1].end_ms + FRAME_MS

    # split where the playhead was put
    lane = page.locator(".lane-box canvas.lanes").bounding_box()
    assert lane is not None
    page.mouse.click(lane["x"] + lane["width"] / 2, lane["y"] + 20)
    page.evaluate("document.activeElement.blur()")
    at_ms = page.evaluate(f"{VIDEO}.currentTime * 1000")
    assert dragged[1].start_ms < at_ms < dragged[1].end_ms
    page.keyboard.press("s")
    page.locator(".desk .row[data-id]").nth(2).wait_for()
    assert spans(served, project)[1].end_ms == pytest.approx(at_ms, abs=FRAME_MS)
    page.keyboard.press("Control+z")
    page.locator(".desk .row[data-id]").nth(2).wait_for(state="detached")
    assert spans(served, project) == dragged
    assert watch.errors == []
    page.context.close()


@pytest.mark.timeout(240)
def test_two_takes_are_compared_one_is_circled_lines_merge_and_a_lost_take_says_so(browser: Browser, served: Served, clip: Path) -> None:
    studio = served.studio
    project = clip_project(studio, clip, script=CUES)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    first = studio.rows(project.id)[0].line
    studio.revise_line(project.id, first.id, LineEdit(target_text="other words"))
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    page, _ = watched(browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"))
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".takes .take").nth(1).wait_for()
    page.locator(".desk .row[data-id]").first.locator(".n").click()
    page.keyboard.press("b")
    page.wait_for_function(PLAYING, arg="other")
    page.keyboard.press("b")
    page.wait_for_function(PLAYING, arg="take")
    page.keyboard.press("b")
    page.wait_for_function(PLAYING, arg="other")
    page.keyboard.press("c")
    page.locator('.takes .take.on [aria-label="Circle take 1"]').wait_for()
    assert studio.rows(project.id)[0].line.take_id == first.take_id
    page.keyboard.press("Space")

    studio.take_wav(project.id, str(first.take_id)).unlink()
    page.reload()
    page.locator(".takes .take.missing", has_text="its sound is missing on the disk; voice again").wait_for()

    page.locator(".desk .row[data-id]").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+S")
    page.locator(".desk .row[data-id]").nth(1).wait_for(state="detached")
    merged = studio.rows(project.id)
    assert len(merged) == 1 and "first words" in merged[0].line.source_text and "second words here" in merged[0].line.source_text
    page.context.close()
