"""What comes seldom: a film no browser plays, and a project of five thousand lines, scrolled through and edited."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_browser import Served, Watch, browser, stamp
from tests.e2e.test_browser_typing import served, tab
from tests.studio_fixtures import SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
__all__ = ["browser", "served", "tab"]
MANY = 5000


def test_a_film_no_browser_plays_is_played_from_a_copy_that_one_does(tab: tuple[Page, Watch], served: Served, ffmpeg_path: str, tmp_path: Path) -> None:
    page, watch = tab
    film = tmp_path / "archive.mpg"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=352x288:r=25:d=3", "-f", "lavfi", "-i", "sine=d=3"]
    subprocess.run([ffmpeg_path, "-v", "error", *picture, "-c:v", "mpeg2video", "-c:a", "mp2", str(film)], check=True, stdin=subprocess.DEVNULL)
    project = served.studio.create_project("Archive", "en", "de")
    served.studio.upload_media(project.id, film, "archive.mpg")
    served.studio.import_script(project.id, SCRIPT, "archive.srt")
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).click()
    page.wait_for_function("(() => { const one = document.querySelector('#tabs .desk video'); return one?.readyState >= 2 && one.videoWidth > 0 && Math.abs(one.duration - 3) < 0.2; })()")
    page.get_by_role("tab", name="Preview", exact=True).click()
    page.wait_for_function("(() => { const one = document.querySelector('.preview .original video'); return one?.readyState >= 1 && !one.error && one.videoWidth > 0; })()")
    page.locator(".preview .line").nth(1).click()
    page.wait_for_function("document.querySelector('.preview .original video').currentTime > 1.6")
    assert watch.errors == []


def test_five_thousand_lines_are_scrolled_through_and_edited_at_both_ends(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    studio = served.studio
    project = studio.create_project("Long", "en", "de")
    cues = "\n".join(f"{n}\n{stamp(n * 2000)} --> {stamp(n * 2000 + 1500)}\nline number {n}\n" for n in range(1, MANY + 1))
    studio.import_script(project.id, cues.encode(), "long.srt")
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    first = page.locator("#tabs .desk .row[data-id]").first
    first.locator(".tgt").click()
    page.keyboard.type("the first one")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    last = page.locator(".desk .row.active", has_text=f"line number {MANY}")
    last.wait_for()
    page.keyboard.press("Enter")
    page.locator(".desk .row.editing textarea:focus").wait_for()
    page.keyboard.type("the last one")
    page.keyboard.press("Enter")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    for share in (0.2, 0.8, 0.5):
        page.evaluate("(share) => { const one = document.querySelector('.desk .scroller'); one.scrollTop = share * one.scrollHeight; }", share)
        page.wait_for_function(
            """(share) => { const [from, to] = [document.querySelector('.desk .scroller').getBoundingClientRect().top + 40, innerHeight];
            const seen = [...document.querySelectorAll('.desk .row[data-id]')].filter((row) => row.getBoundingClientRect().top > from && row.getBoundingClientRect().top < to);
            return seen.length > 3 && seen.every((row) => Math.abs(Number(row.getAttribute('aria-rowindex')) / 5000 - share) < 0.05); }""",
            arg=share,
        )
    assert page.locator(".desk .row[data-id]").count() < 300
    rows = studio.rows(project.id)
    assert (rows[0].line.target_text, rows[-1].line.target_text) == ("the first one", "the last one")
    assert watch.errors == []
