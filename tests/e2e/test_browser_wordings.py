"""Wordings in a real browser: picking by key, asking for others with a wish, names and terms, learning, and narrow windows."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.line import Candidate
from studio.domain.project import Project
from studio.engines.protocols import TranslationRequest, Wording
from studio.service import Studio
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, Watch, open_tab, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.fakes import FakeTranslator
from tests.studio_fixtures import clip_project, fake_studio, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
MANY = 10_000
CUES = b"".join(
    b"%d\n00:00:0%d,000 --> 00:00:0%d,900\n%s\n\n" % (n + 1, n, n, words) for n, words in enumerate((b"one two three", b"four five six", b"x"))
)
LONG = {
    "th": "เรือเฟอร์รี่เที่ยวสุดท้ายออกไปแล้วเมื่อคืนนี้และไม่มีใครบอกผมเลยสักคำ" * 2,
    "zh": "最后一班渡轮昨天晚上就已经开走了可是没有一个人告诉过我这件事情" * 2,
    "ar": "غادرت العبّارة الأخيرة ليلة أمس ولم يخبرني أحد بذلك، أليس كذلك؟",
}


class ChattyTranslator(FakeTranslator):
    """Follows instructions, and waits before each line until the test lets it go on."""

    lines_at_once = 1

    def __init__(self) -> None:
        super().__init__(follows_instructions=True)
        self.may_answer = threading.Semaphore(MANY)

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for answer in super().propose(requests):
            assert self.may_answer.acquire(timeout=90)
            yield answer


@pytest.fixture(scope="module")
def translator() -> ChattyTranslator:
    return ChattyTranslator()


@pytest.fixture
def chatty(translator: ChattyTranslator) -> Iterator[ChattyTranslator]:
    """Held back: each line waits for `may_answer.release()`. Nothing waits any more once the test is over, however it went."""
    translator.may_answer = threading.Semaphore(0)
    yield translator
    translator.may_answer.release(MANY)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, translator: ChattyTranslator) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"), translator=translator)
    yield from run_server(studio, ServeOptions())
    studio.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield watched(context)
    context.close()


def proposed(studio: Studio, clip: Path) -> Project:
    """A project whose first line has wordings and a take."""
    project = clip_project(studio, clip, script=CUES)
    finish(studio, studio.regenerate(project.id, [studio.rows(project.id)[0].line.id]))
    return project


def open_lines(page: Page, served: Served, project: Project) -> None:
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    page.locator(".desk .row[data-id]").first.locator(".n").click()


def words(served: Served, project: Project, at: int = 0) -> str:
    return served.studio.rows(project.id)[at].line.target_text


def test_a_wording_is_picked_by_its_number_and_never_while_typing(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = proposed(served.studio, clip)
    open_lines(page, served, project)
    second = page.locator(".wordings .wording").nth(1)
    text = second.locator(".text").inner_text()
    assert second.locator(".back").inner_text() == text.replace(".de", ""), "what it says stands below it"
    page.keyboard.press("2")
    page.locator('.wordings .wording[aria-pressed="true"]', has_text="in use").filter(has_text=text).wait_for()
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    assert words(served, project) == text

    page.locator(".wordings .wording").first.focus()
    page.keyboard.press("1")
    page.locator('.wordings .wording[aria-pressed="true"]').first.wait_for()
    page.wait_for_function("document.querySelector('.wordings .wording').matches('.on:focus')")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    best = words(served, project)
    page.locator(".wish input").click()
    page.keyboard.type("2")
    page.locator(".desk .row[data-id]").first.locator(".tgt").click()
    page.keyboard.type(" 3")
    page.keyboard.press("Enter")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    assert best != text and words(served, project) == f"{best} 3"
    assert watch.left_the_machine == [] and watch.errors == []


def test_a_wish_goes_to_the_translator_and_the_work_is_seen(
    tab: tuple[Page, Watch], served: Served, chatty: ChattyTranslator, clip: Path
) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip, script=CUES)
    open_lines(page, served, project)
    page.locator(".wordings", has_text="None yet").wait_for()
    page.keyboard.press("Control+a")
    page.get_by_label("Instruction for new wordings").click()
    page.locator(".suggestions").get_by_role("button", name="shorter").click()
    page.keyboard.type(", as a pirate")
    assert page.get_by_role("button", name="Regenerate 3 selected lines").inner_text() == "Regenerate 3 lines"
    page.keyboard.press("Enter")
    page.locator(".chip.job", has_text="0 of 3").wait_for()
    chatty.may_answer.release()
    page.locator(".chip.job", has_text="1 of 3").wait_for()
    page.locator(".desk .row[data-id]").first.locator(".tgt", has_text="one.de").wait_for()
    assert words(served, project, 1) == ""
    chatty.may_answer.release(MANY)
    page.locator(".chip.job").wait_for(state="detached")
    page.locator(".desk .row[data-id]").nth(1).locator(".tgt", has_text="four.de").wait_for()
    assert {one.instruction for one in chatty.asked[-3:]} == {"shorter, as a pirate"}
    page.locator(".desk .row[data-id]").nth(2).locator(".n").click()
    assert page.get_by_label("Instruction for new wordings").input_value() == "", "a wish does not follow to other lines unseen"
    assert watch.errors == []


def test_lines_over_budget_are_one_job_that_can_be_stopped(
    tab: tuple[Page, Watch], served: Served, chatty: ChattyTranslator, clip: Path
) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip, script=CUES)
    for row in served.studio.rows(project.id):
        served.studio.revise_line(project.id, row.line.id, _typed("far too long a sentence for this short line " * 3))
    open_lines(page, served, project)
    page.get_by_role("button", name="Regenerate over budget (3)").click()
    page.locator(".chip.job", has_text="0 of 3").wait_for()
    chatty.may_answer.release()
    page.locator(".chip.job", has_text="1 of 3").wait_for()
    running = served.studio.project(project.id).job
    assert running is not None
    page.get_by_label("Stop this work").click()
    while not served.studio._runner._held[running.id].is_cancelled():  # the translator answers only once the stop has arrived
        page.wait_for_timeout(50)
    chatty.may_answer.release(MANY)
    page.locator(".chip.job").wait_for(state="detached")
    job = served.studio.project(project.id).job
    assert job is not None and job.state == "cancelled" and len(job.line_ids) == 3
    kept = [len(served.studio.line(project.id, row.line.id).candidates) for row in served.studio.rows(project.id)]
    assert kept[0] > 0 and kept[2] == 0, "what was finished is kept, and no further line is begun"
    assert watch.errors == []


def test_a_translator_that_follows_no_instructions_gets_a_sentence_instead_of_a_box(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, clip: Path
) -> None:
    studio = fake_studio(tmp_path_factory.mktemp("plain"))
    running = run_server(studio, ServeOptions())
    served = next(running)
    try:
        page, watch = watched(browser.new_context())
        open_lines(page, served, clip_project(studio, clip, script=CUES))
        page.locator(".wordings .why", has_text="takes no instructions").wait_for()
        assert not page.get_by_label("Instruction for new wordings").is_visible()
        page.get_by_role("button", name="Regenerate this line").click()
        page.locator(".wordings .wording").first.wait_for()
        assert watch.errors == []
    finally:
        next(running, None)
        studio.close()


def test_terms_are_kept_when_the_box_is_left_and_a_bad_row_is_named(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip, script=CUES)
    page.goto(f"{served.address}?project={project.id}&tab=upload")
    box = page.get_by_label("Names and terms, one per row")
    box.click()
    page.keyboard.type("one = eins\nno sign here\ntwo = zwei")
    page.locator(".terms .end", has_text="Not saved yet").wait_for()
    open_tab(page, "Lines")
    open_tab(page, "Upload")
    page.locator(".terms .complaints li", has_text="Line 2, “no sign here”").wait_for()
    page.locator(".terms .end", has_text="2 terms saved, 1 row left out").wait_for()
    assert "no sign here" in box.input_value(), "what was left out stays, to be mended"
    assert served.studio.project(project.id).project.settings.translation.terms == (("one", "eins"), ("two", "zwei"))
    page.reload()
    page.wait_for_function("document.querySelector('.terms textarea')?.value === 'one = eins\\ntwo = zwei'")
    assert watch.errors == []


def test_learning_is_off_until_it_is_switched_on_and_can_be_forgotten(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = proposed(served.studio, clip)
    open_lines(page, served, project)
    page.keyboard.press("2")
    page.locator('.wordings .wording[aria-pressed="true"]').first.wait_for()
    assert served.studio.preference_count(project.id) == 0
    open_tab(page, "Upload")
    switch = page.get_by_label("Learn from my choices")
    assert not switch.is_checked()
    switch.check()
    page.locator(".learning", has_text="None kept yet").wait_for()
    open_tab(page, "Lines")
    page.keyboard.press("1")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    open_tab(page, "Upload")
    page.locator(".learning", has_text="1 choice kept").wait_for()
    with page.expect_download() as download:
        page.locator(".learning").get_by_role("link", name="Export").click()
    assert download.value.suggested_filename.endswith(".jsonl")
    page.get_by_role("button", name="Forget all…").click()
    assert served.studio.preference_count(project.id) == 1, "the first press only asks"
    page.get_by_role("button", name="Forget 1 choice for good?").click()
    page.locator(".learning", has_text="None kept yet").wait_for()
    assert served.studio.preference_count(project.id) == 0
    assert watch.errors == []


def test_no_script_breaks_the_row_of_a_wording_and_many_wordings_stay_calm(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = proposed(served.studio, clip)
    line = served.studio.rows(project.id)[0].line
    known = served.studio.line(project.id, line.id).candidates[0]
    texts = [*LONG.values(), *(f"wording {n}" for n in range(12))]
    listed = [Candidate(f"c{at}", line.id, text, "x", 0.0, at, known.prediction, -0.1 * at, text, (text[:40],)) for at, text in enumerate(texts)]
    served.studio._shop.lines.put_candidates(line.id, tuple(listed))
    open_lines(page, served, project)
    rows = page.locator(".wordings .wording")
    rows.nth(7).wait_for()
    assert rows.count() == 8
    page.get_by_role("button", name="7 more wordings").click()
    assert rows.count() == 15
    for width in (1440, 1100, 800):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("[...document.querySelectorAll('.wording, .wording *')].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline').length")
        assert wide == 0, f"something runs out of its wording at {width} px"
    assert rows.nth(2).locator(".text").evaluate("(text) => getComputedStyle(text).direction") == "rtl"
    assert watch.errors == []


@pytest.mark.parametrize("width", [1280, 1100, 800])
def test_every_tab_can_be_reached_in_a_narrow_window(tab: tuple[Page, Watch], served: Served, clip: Path, width: int) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip, script=CUES)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    boxes = []
    for name in ("Projects", "Upload", "Lines", "Guidance", "Preview", "Overview", "Export"):
        page.get_by_role("tab", name=name, exact=True).click()
        boxes.append(page.get_by_role("tab", name=name, exact=True).bounding_box())
    where, saved = page.locator(".header .where").bounding_box(), page.locator(".header .chip.saved").bounding_box()
    assert where is not None and saved is not None
    for box in boxes:
        assert box is not None and not _overlap(box, where) and not _overlap(box, saved)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watch.errors == []


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    is_beside = one["x"] >= other["x"] + other["width"] or other["x"] >= one["x"] + one["width"]
    return not (is_beside or one["y"] >= other["y"] + other["height"] or other["y"] >= one["y"] + one["height"])


def _typed(text: str) -> object:
    from studio.service import LineEdit

    return LineEdit(target_text=text)
