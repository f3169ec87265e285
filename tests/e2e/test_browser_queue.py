"""The queue as two people see it in their browsers: places and waits of one's own jobs, of the other's only how many; another order, and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from studio.bootstrap import Place, open_studio
from studio.domain.project import JobKind, JobState
from studio.domain.queue import Lane
from studio.domain.rights import Role
from studio.domain.workers import WorkerState
from studio.store.jobs import Outcome, Progress, new_worker
from studio.ui.launch import ServeOptions
from tests.accounts import add_people
from tests.e2e.test_browser import Served, browser, run_server
from tests.e2e.test_browser_people import logged_in
from tests.studio_fixtures import clip_project, fake_rack

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from studio.domain.project import Project

pytestmark = pytest.mark.browser
__all__ = ["browser"]
ME = new_worker()


@dataclass
class House:
    """A served studio whose one worker takes a job only when the test says so; two films of Ann's and one of Bob's."""

    served: Served
    harbour: Project
    ferry: Project
    theirs: Project


@pytest.fixture
def house(tmp_path: Path, clip: Path) -> Iterator[House]:
    studio = open_studio(Place(tmp_path / "home"), engines=fake_rack(), workers=0)
    add_people(studio, ann=Role.EDITOR, bob=Role.EDITOR)
    studio._shop.workers.arrive(ME, "worker", (), WorkerState(lanes=(Lane.WORK,)))
    ann, bob = studio.as_user("ann"), studio.as_user("bob")
    harbour, ferry = (ann.rename_project(clip_project(ann, clip).id, name) for name in ("Harbour Lights", "The Last Ferry"))
    theirs = bob.rename_project(clip_project(bob, clip).id, "Nobody's business")
    for served in run_server(studio, ServeOptions(with_demo=False)):
        yield House(served, harbour, ferry, theirs)
    studio.close()


def rows(page: Page) -> list[str]:
    return page.locator("dialog.queueing li b").all_inner_texts()


def shows(page: Page, *wanted: str) -> None:
    page.wait_for_function("(want) => [...document.querySelectorAll('dialog.queueing li b')].map((one) => one.textContent).join('|') === want", arg="|".join(wanted))


def test_two_people_see_their_places_and_change_nothing_but_their_own(browser: Browser, house: House) -> None:
    studio = house.served.studio
    ann, bob = studio.as_user("ann"), studio.as_user("bob")
    first, second = ann.submit(house.harbour.id, JobKind.RENDER), ann.submit(house.ferry.id, JobKind.RENDER)
    bob.submit(house.theirs.id, JobKind.RENDER)
    page, watch = logged_in(browser, house.served, "ann", f"project={house.harbour.id}&tab=lines")
    page.locator(".chip.queue", has_text="Queue 2").click()
    shows(page, "Harbour Lights", "The Last Ferry")
    dialog = page.locator("dialog.queueing")
    dialog.locator(".end", has_text="Other people have 1 waiting.").wait_for()
    assert "Next" in dialog.locator("li").first.inner_text() and "Nobody" not in dialog.inner_text()
    page.get_by_role("button", name="Behind the one below").click()
    shows(page, "The Last Ferry", "Harbour Lights")
    assert [job.id for job in ann.queue().mine] == [second.id, first.id]
    studio._shop.jobs.claim(ME, [second.id])
    dialog.locator("li", has_text="The Last Ferry").locator(".when", has_text="At work").wait_for()

    other, watch_bob = logged_in(browser, house.served, "bob", f"project={house.theirs.id}&tab=lines")
    other.locator(".chip.queue", has_text="Queue 1").click()
    shows(other, "Nobody's business")
    other.locator("dialog.queueing .end", has_text="1 run and 1 wait").wait_for()
    assert "Ferry" not in other.locator("dialog.queueing").inner_text()

    page.get_by_role("button", name="Take out").focus()
    page.keyboard.press("Enter")
    shows(page, "The Last Ferry")
    assert ann.job(first.id).state is JobState.CANCELLED
    page.wait_for_function("document.activeElement.closest('dialog.queueing') !== null")
    studio._shop.jobs.finish(ME, second.id, Outcome(JobState.DONE))
    dialog.get_by_text("Nothing of yours runs or waits.").wait_for()
    dialog.get_by_role("button", name="Done").click()
    page.locator(".chip.queue").wait_for(state="hidden")
    other.locator("dialog.queueing .end p", has_text="Other people").wait_for(state="detached")
    assert rows(other) == ["Nobody's business"]
    for one in (page, other):
        one.context.close()
    assert watch.errors == [] and watch_bob.errors == []


def test_the_page_hears_of_work_begun_elsewhere_and_how_far_it_is_and_asks_for_nothing_while_nothing_happens(browser: Browser, house: House) -> None:
    studio, asked = house.served.studio, []
    page, watch = logged_in(browser, house.served, "ann", f"project={house.harbour.id}&tab=lines")
    page.locator(".desk .row[data-id]").first.wait_for()
    page.wait_for_timeout(2500)  # the frame has stood for a while
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    page.wait_for_timeout(3000)
    assert asked == [], "a page where nothing happens asks for the pulse alone"
    job = studio.as_user("ann").submit(house.harbour.id, JobKind.VOICE)
    page.locator(".chip.job", has_text="Voicing: waiting").wait_for()
    studio._shop.jobs.claim(ME, [job.id])
    studio._shop.jobs.report(ME, job.id, Progress(1, 40, "Voicing lines"))
    page.locator(".chip.job", has_text="1 of 40").wait_for()
    page.wait_for_timeout(1500)
    asked.clear()
    for done in (3, 5):
        studio._shop.jobs.report(ME, job.id, Progress(done, 40, "Voicing lines"))
        page.locator(".chip.job", has_text=f"{done} of 40").wait_for()
    assert asked == [], "how far it is comes with the pulse"
    page.locator(".chip.job .left", has_text="about").wait_for()  # told by the page's own clock, without further news
    studio._shop.jobs.finish(ME, job.id, Outcome(JobState.DONE))
    page.locator(".chip.job").wait_for(state="detached")
    page.wait_for_timeout(1200)
    assert asked, "the frame follows work that ended"
    page.context.close()
    assert watch.errors == []
