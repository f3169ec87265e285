"""Files on their way in, and media on their way out, in a real browser: a lost connection, a reload, a link whose time has come."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.service import Studio
from studio.ui.launch import ServeOptions
from studio.ui.media_links import WINDOW_S, MediaLinks
from tests.e2e.test_browser import Served, browser, run_server  # noqa: F401  the browser fixture
from tests.studio_fixtures import fake_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

pytestmark = pytest.mark.browser
CLOCK = {"now_s": 1_800_000_000.0}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page whose links run by a clock of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.ui.routes.MediaLinks", lambda key: MediaLinks(key, lambda: CLOCK["now_s"]))
        studio: Studio = fake_studio(tmp_path_factory.mktemp("home"))
        yield from run_server(studio, ServeOptions())
        studio.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_a_film_that_broke_off_goes_on_after_a_reload_from_where_it_stood(page: Page, served: Served, clip: Path) -> None:
    data, pieces = clip.read_bytes(), []

    def lose(route: Route) -> None:
        if route.request.method == "PATCH":
            route.abort("connectionreset")
        else:
            route.fallback()

    page.goto(f"{served.address}?tab=upload")
    page.route("**/uploads/*", lose)
    page.set_input_files("#media-file input[type=file]", str(clip))
    page.locator("#media-file .note", has_text="goes on by itself").wait_for()
    [upload] = served.studio.uploads()
    with served.studio.receive_upload(upload.id, 0) as receiver:  # what the connection had brought before it was lost
        receiver.write(data[:70_000])
    page.reload()
    page.locator("#media-file .left", has_text="of it is here").wait_for()
    page.unroute("**/uploads/*")

    def note(request: Request) -> None:
        if request.method == "PATCH":
            pieces.append(request.headers["upload-offset"])

    page.on("request", note)
    page.set_input_files("#media-file input[type=file]", str(clip))
    page.locator(".facts h2", has_text="clip.mp4").wait_for()
    page.locator("#media-file button.center").wait_for()
    assert pieces == ["70000"], "what was here is not sent again"
    project_id = page.url.split("project=")[1].split("&")[0]
    source = served.studio.project(project_id).project.source
    assert source is not None and served.studio._shop.blobs.path(source.blob).read_bytes() == data
    assert served.studio.uploads() == ()


def test_a_player_left_open_goes_on_when_the_time_of_its_link_has_come(page: Page, served: Served, ffmpeg_path: str, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=30", "-f", "lavfi", "-i", "sine=d=30"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "6M", "-minrate", "6M", "-maxrate", "6M", "-bufsize", "6M", "-x264opts", "nal-hrd=cbr", "-g", "25"]
    subprocess.run([ffmpeg_path, "-v", "error", *picture, *coding, "-c:a", "aac", "-movflags", "+faststart", str(film)], check=True, stdin=subprocess.DEVNULL)
    project = served.studio.create_project("Film", "en", "de")
    served.studio.upload_media(project.id, film, "film.mp4")
    statuses: list[int] = []
    page.on("response", lambda answer: "/media/source/" in answer.url and statuses.append(answer.status))
    page.goto(f"{served.address}?project={project.id}&tab=preview")
    page.wait_for_function("document.querySelector('#island-preview video')?.readyState >= 1")
    address = page.evaluate("document.querySelector('#island-preview video').src")
    assert "pass=" in address
    CLOCK["now_s"] += 3 * WINDOW_S
    page.evaluate("document.querySelector('#island-preview video').currentTime = 27")
    page.wait_for_function("(() => { const one = document.querySelector('#island-preview video'); return !one.seeking && one.readyState >= 2 && one.currentTime > 26; })()")
    assert page.evaluate("document.querySelector('#island-preview video').error") is None
    assert 307 in statuses and page.evaluate("document.querySelector('#island-preview video').src") == address, "renewed without a new address"
    refused = page.evaluate("fetch('media/source/' + new URL(location.href).searchParams.get('project') + '/video').then((answer) => answer.status)")
    assert refused == 403, "without a pass nothing is served"


def test_a_deleted_project_is_brought_back_from_the_bin(page: Page, served: Served) -> None:
    project = served.studio.create_project("Harbour", "en", "de")
    page.goto(served.address)
    row = page.locator(f'.project[data-id="{project.id}"]')
    row.get_by_role("button", name="Delete").click()
    row.get_by_role("button", name="Delete all of it?").click()
    page.locator(".bin summary", has_text="Bin: 1 project").click()
    page.locator(".bin li", has_text="Harbour").get_by_role("button", name="Bring back").click()
    row.wait_for()
    page.locator(".bin").wait_for(state="hidden")
    assert served.studio.binned() == ()
