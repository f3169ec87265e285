"""The page in a real browser, on the real service with fake engines: from an upload to an export, and what must never happen."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from tests.accounts import add_people, password_of
from tests.studio_fixtures import SCRIPT, clip_project, fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser
CHROMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 60_000  # a busy machine is slow, not wrong


@dataclass
class Served:
    """A running page, and what its studio is."""

    address: str
    studio: Studio


@dataclass
class Watch:
    """What a browser did that a test must know of."""

    left_the_machine: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def run_server(studio: Studio, options: ServeOptions) -> Iterator[Served]:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(build_app(studio, options), port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}/", studio)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in CHROMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements-dev.txt")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield opened
        opened.close()


def watched(context: BrowserContext) -> tuple[Page, Watch]:
    page, watch = context.new_page(), Watch()
    page.set_default_timeout(PATIENCE_MS)
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("http://127.0.0.1", "data:", "blob:")) else watch.left_the_machine.append(request.url)
        ),
    )
    page.on("console", lambda message: watch.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    return page, watch


@pytest.fixture
def tab(browser: Browser, served: Served) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page, watch = watched(context)
    yield page, watch
    context.close()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def edit_first_line(page: Page, text: str) -> None:
    row = page.locator(".desk .row[data-id]").first
    row.locator(".tgt").click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_clip_goes_from_upload_to_export(tab: tuple[Page, Watch], served: Served, clip: Path, tmp_path: Path) -> None:
    page, watch = tab
    script = tmp_path / "clip.srt"
    script.write_bytes(SCRIPT)
    page.goto(served.address)

    open_tab(page, "Upload")
    page.set_input_files("#media-file input[type=file]", str(clip))
    page.locator(".facts h2", has_text="clip.mp4").wait_for()
    assert "320 × 240" in page.inner_text(".facts")
    page.set_input_files("#script-file input[type=file]", str(script))
    page.locator(".facts", has_text="2 lines").wait_for()
    page.get_by_role("button", name="Dub it").click()
    page.locator(".facts", has_text="2 voiced").wait_for()
    page.get_by_role("button", name="Dub it", disabled=False).wait_for()

    open_tab(page, "Lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    project_id = page.url.split("project=")[1].split("&")[0]
    assert all("zh" in row.line.target_text and row.take is not None for row in served.studio.rows(project_id))
    edit_first_line(page, "eins")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    assert served.studio.rows(project_id)[0].line.target_text == "eins"
    page.locator(".desk .row[data-id]").first.locator(".n").click()
    page.get_by_role("button", name="Regenerate", exact=True).click()
    page.locator(".desk .notices summary", has_text="those words were kept").wait_for()
    page.locator(".desk .row[data-id]").first.locator("small.voiced").wait_for()
    assert served.studio.rows(project_id)[0].line.target_text == "eins", "a person's words are never replaced by a machine's"
    page.locator(".wordings .wording").nth(1).click()
    page.wait_for_function("document.querySelector('.desk .row[data-id] .tgt').textContent.includes('zh')")
    page.locator('.chip.saved[data-state="saved"]').wait_for()

    open_tab(page, "Guidance")
    page.get_by_label("Own scales for line 1").check()
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    page.wait_for_function("document.querySelectorAll('.guidance .line.own').length === 1")
    assert served.studio.rows(project_id)[0].line.guidance is not None
    assert "re-timed to the picture" in page.inner_text(".gradio-container")

    open_tab(page, "Preview")
    page.locator(".preview .notice", has_text="older than your last edits").wait_for()
    page.get_by_role("button", name="Render again").click()
    page.locator(".preview .notice", has_text="older than your last edits").wait_for(state="hidden")
    page.wait_for_function("document.querySelector('.preview .dub:not(.absent) video').readyState >= 1")
    page.locator(".preview .line").nth(1).click()
    page.wait_for_function("document.querySelector('.preview .original video').currentTime > 1.6")

    open_tab(page, "Export")
    for title, suffix in (("Dubbed video", ".mp4"), ("Subtitles, SRT", ".srt"), ("Dubbing script, table", ".csv")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {title}").click()
        assert download.value.suggested_filename.endswith(suffix)
        assert Path(download.value.path()).stat().st_size > 50
    assert watch.left_the_machine == [] and watch.errors == []


def test_a_reload_keeps_project_tab_and_lines(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, _ = tab
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    open_tab(page, "Guidance")
    page.reload()
    page.locator('[role="tab"][aria-selected="true"]', has_text="Guidance").wait_for()
    page.locator(".guidance .line[data-id]").first.wait_for()
    assert f"project={project.id}" in page.url


def test_prediction_follows_typing_and_the_edit_is_stored_without_a_key(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    row = page.locator(".desk .row[data-id]").first
    row.locator(".tgt").click()
    page.keyboard.type("ab " * 40)
    row.locator('.num[data-fit="over"]').first.wait_for()
    page.locator('.score [data-fit="over"]').first.wait_for()
    page.wait_for_timeout(1200)
    assert served.studio.rows(project.id)[0].line.target_text.startswith("ab ab")
    assert page.locator(".desk textarea:focus").count() == 1, "storing must not take the cursor away"
    assert watch.errors == []


def test_keys_do_nothing_while_typing_and_work_afterwards(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, _ = tab
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    edit_first_line(page, "an array")
    page.locator('.chip.saved[data-state="saved"]').wait_for()
    first, second = (row.line for row in served.studio.rows(project.id))
    assert (first.target_text, first.status) == ("an array", "adapted")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("a")
    page.locator(".desk .row[data-id]").first.locator(".st", has_text="approved").wait_for()
    page.keyboard.press("n")
    page.locator(f'.desk .row.active[data-id="{second.id}"]').wait_for()


def test_filters_and_search_narrow_the_list(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, _ = tab
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    rows = page.locator(".desk .row[data-id]")
    rows.nth(1).wait_for()
    page.fill(".desk .search", "three")
    page.wait_for_function("document.querySelectorAll('.desk .row[data-id]').length === 1")
    page.fill(".desk .search", "")
    page.locator(".chips .chip", has_text="Over budget").click()
    page.locator(".desk .empty", has_text="No line matches").wait_for()


def test_a_line_goes_only_after_it_was_asked_for_twice(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    page.set_viewport_size({"width": 1800, "height": 900})  # at less, Delete is found under More
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert len(served.studio.rows(project.id)) == 2
    page.get_by_role("button", name="Delete 1 line?").click()
    page.wait_for_function("document.querySelectorAll('.desk .row[data-id]').length === 1")
    assert len(served.studio.rows(project.id)) == 1
    assert watch.errors == []


def test_the_studios_choice_of_a_voice_is_named(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, watch = tab
    project = clip_project(served.studio, clip)
    label = served.studio.voices(project.id)[0].label
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    page.locator(".toolbar .further").click()  # at this width the last buttons are found under More
    page.locator('[role="menuitem"]', has_text="Speakers…").click()
    assert page.locator("dialog .speaker select option").first.inner_text() == f"Studio’s choice: {label}"
    assert watch.errors == []


def test_a_file_that_is_no_media_gets_a_sentence_and_an_empty_box(tab: tuple[Page, Watch], served: Served, tmp_path: Path) -> None:
    page, watch = tab
    posing = tmp_path / "posing.mp4"
    posing.write_bytes(b"just words " * 50)
    known = len(served.studio.projects())
    page.goto(served.address)
    open_tab(page, "Upload")
    page.set_input_files("#media-file input[type=file]", str(posing))
    page.locator("#media-file .trouble", has_text="posing.mp4").wait_for()
    assert "Traceback" not in page.inner_text("body")
    page.locator("#media-file button.center").wait_for()
    assert len(served.studio.projects()) == known
    assert all("400 (Bad Request)" in error for error in watch.errors), "the browser notes the refusal, and nothing else"


def test_thousands_of_lines_keep_few_rows_in_the_page(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    project = served.studio.create_project("Long", "en", "de")
    cues = "\n".join(f"{n}\n{stamp(n * 2000)} --> {stamp(n * 2000 + 1500)}\nline number {n}\n" for n in range(1, 2501))
    served.studio.import_script(project.id, cues.encode(), "long.srt")
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    assert page.locator(".desk .row[data-id]").count() < 200
    page.evaluate("document.querySelector('.desk .scroller').scrollTop = 1e7")
    page.locator(".desk .row[data-id]", has_text="line number 2500").wait_for()
    assert page.locator(".desk .row[data-id]").count() < 300
    page.fill(".desk .search", "number 1234")
    page.locator(".desk .row[data-id]", has_text="line number 1234").wait_for()
    assert page.locator(".desk .row[data-id]").count() == 1
    assert watch.errors == []


def test_work_can_be_stopped_from_the_header(tab: tuple[Page, Watch], served: Served) -> None:
    page, watch = tab
    project = served.studio.create_project("Stop", "en", "de")
    cues = "\n".join(f"{n}\n{stamp(n * 2000)} --> {stamp(n * 2000 + 1500)}\nline number {n}\n" for n in range(1, 1501))
    served.studio.import_script(project.id, cues.encode(), "stop.srt")
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    page.get_by_role("button", name="Voice all").click()
    page.get_by_label("Stop this work").click()
    page.locator(".chip.job").wait_for(state="detached")
    job = served.studio.project(project.id).job
    assert job is not None and job.state == "cancelled"
    assert watch.errors == []


def stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


def test_typing_survives_news_of_the_lines(tab: tuple[Page, Watch], served: Served, clip: Path) -> None:
    page, _ = tab
    project = clip_project(served.studio, clip)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.locator(".tgt").click()
    page.keyboard.type("half a sen")
    page.wait_for_timeout(1000)
    page.evaluate(
        "import(new URL('look/js/lines.js', document.baseURI)).then(({ lines }) => lines.take({ ...lines.desk, is_whole: true, rows: lines.list }))"
    )
    page.keyboard.type("tence")
    page.keyboard.press("Enter")
    for _ in range(40):  # a busy machine takes its time
        if served.studio.rows(project.id)[0].line.target_text == "half a sentence":
            break
        page.wait_for_timeout(250)
    assert served.studio.rows(project.id)[0].line.target_text == "half a sentence"


def test_two_browsers_share_no_state(browser: Browser, tmp_path_factory: pytest.TempPathFactory, clip: Path) -> None:
    studio = fake_studio(tmp_path_factory.mktemp("two"))
    add_people(studio, ada=Role.EDITOR, bob=Role.EDITOR)
    mine = clip_project(studio.as_user("ada"), clip)
    running = run_server(studio, ServeOptions())
    served = next(running)
    try:
        pages = {}
        for name in ("ada", "bob"):
            page, watch = watched(browser.new_context())
            page.goto(f"{served.address}?project={mine.id}")
            page.fill('input[name="name"]', name)
            page.fill('input[name="password"]', password_of(name))
            page.click("button")
            page.locator(".header .leave .chip", has_text=name).wait_for()
            page.goto(f"{served.address}?project={mine.id}&tab=lines")
            page.locator(".header .leave .chip", has_text=name).wait_for()
            pages[name] = (page, watch)
        ada, bob = pages["ada"][0], pages["bob"][0]
        ada.locator(".desk .row[data-id]").first.wait_for()
        bob.locator(".projects .empty", has_text="No project yet").wait_for()
        assert "Pilot" not in bob.inner_text("body")
        given = ada.request.get(f"{served.address}desk/{mine.id}/pulse").headers["lipline-pass"].split(" ")[1]
        film = f"{served.address}media/source/{mine.id}/video"
        assert ada.request.get(f"{film}?pass={given}").status == 200
        assert ada.request.get(film).status == 403, "a link without its pass opens nothing"
        assert bob.request.get(film).status == 404
        assert bob.request.get(f"{film}?pass={given}").status == 404, "another's pass is worth nothing"
        assert all(watch.left_the_machine == [] for _, watch in pages.values())
    finally:
        running.close()
        studio.close()
