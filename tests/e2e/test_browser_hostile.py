"""Markup in everything a person or a file can name: the page shows it as text everywhere, and nothing of it runs or is fetched."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.domain.character import CharacterSheet
from studio.domain.house import Address
from studio.domain.project import JobKind, Project
from studio.domain.reference_voice import Consent, ReferenceVoice
from studio.service import LineEdit, Studio
from studio.ui.launch import ServeOptions
from tests.e2e.test_browser import Served, run_server, watched
from tests.e2e.test_browser import browser as browser
from tests.studio_fixtures import fake_studio, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
IMG, SVG = '<img src=x onerror="ran(1)">', "\"'><svg onload=ran(2)>"
SCRIPT = f"""1
00:00:00,400 --> 00:00:01,300
ANN {SVG}: one {IMG}

2
00:00:01,700 --> 00:00:02,700
<script>ran(3)</script> three {{{{7*7}}}} <a href="javascript:ran(4)">link</a>
"""
LISTEN = """
window.ran = (...what) => { (window.whatRan ||= []).push(what.join()); };
window.refused = [];
addEventListener("securitypolicyviolation", (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
FOUND = "[...document.querySelectorAll('img[src=\"x\"], svg[onload], [onerror], a[href^=\"javascript\" i]')].map((one) => one.outerHTML)"


def hostile_project(studio: Studio, clip: Path) -> Project:
    """A project in which every field that takes text holds markup."""
    project = studio.create_project(f"P {IMG}", "en", "de")
    studio.upload_media(project.id, clip, f"film {IMG}{SVG}.mp4")
    studio.import_script(project.id, SCRIPT.encode(), f"script {IMG}.srt")
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    first, second = studio.rows(project.id)
    studio.revise_line(project.id, first.line.id, LineEdit(target_text=f"eins {IMG} {SVG}", source_text=f"one {IMG}"))
    studio.add_note(project.id, f"note {IMG} #2 {SVG}", line_id=first.line.id)
    studio.rename_speaker(project.id, first.line.speaker_id, f"Ann {IMG}")
    studio.set_terms(project.id, [(f"term {IMG}", f"Wort {SVG}")])
    studio.set_phrases(project.id, [(f"phrase {IMG}", f"Satz {SVG}")])
    studio.set_addresses(project.id, [Address(f"Ann {IMG}", f"Bob {SVG}", "formal")])
    studio.set_sheet(project.id, first.line.speaker_id, CharacterSheet(f"Ann {IMG}", register=SVG, note=IMG, forbidden=(IMG,), preferred=((IMG, SVG),)))
    voice = ReferenceVoice(uuid.uuid4().hex, f"Voice {IMG}", first.take.raw_blob, 3000, Consent(f"Whose {SVG}", f"Yes {IMG}"), f"words {IMG}")
    studio._shop.lines.add_reference_voice(project.id, voice, by="local")
    studio.note_take(project.id, first.take.id, f"take {IMG}")
    show = studio.create_show(f"Show {IMG}")
    studio.join_show(project.id, show.id)
    studio.regenerate(project.id, [second.line.id])
    return project


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    yield from run_server(studio, ServeOptions())
    studio.close()


def assert_only_text(page: Page, where: str) -> None:
    assert page.evaluate(FOUND) == [], f"{where}: markup of a stranger became part of the page"
    assert page.evaluate("window.whatRan || []") == [], f"{where}: a stranger's script ran"
    assert page.evaluate("window.refused") == [], f"{where}: the page does what its own policy forbids"


def test_markup_is_text_on_every_tab_and_card(browser: Browser, served: Served, clip: Path, tmp_path: Path) -> None:  # noqa: F811
    studio, context = served.studio, browser.new_context(viewport={"width": 1440, "height": 900})
    project = hostile_project(studio, clip)
    page, watch = watched(context)
    page.add_init_script(LISTEN)
    page.goto(f"{served.address}?project={project.id}&tab=lines")
    page.locator(".desk .row[data-id]").nth(1).wait_for()
    for key in ("m", "Shift+M"):
        page.locator(".desk .row[data-id]").first.locator(".n").click()
        page.keyboard.press(key)
        page.locator(".said:visible", has_text="<img src=x").first.wait_for()
        assert_only_text(page, f"notes by {key}")
        page.keyboard.press("Escape")
    for name in ("Projects", "Upload", "Lines", "Guidance", "Preview", "Overview", "Export"):
        tab = page.get_by_role("tab", name=name, exact=True)
        if tab.count():
            tab.click()
            page.get_by_role("tabpanel").filter(visible=True).first.wait_for()
            page.wait_for_load_state("networkidle")
            assert_only_text(page, name)
    bad = tmp_path / "<img src=x onerror=ran(5)>.srt"
    bad.write_bytes(b"\x89PNG nothing")
    page.get_by_role("tab", name="Upload", exact=True).click()
    page.set_input_files("#script-file input[type=file]", str(bad))
    page.get_by_text("cannot be read as subtitles").first.wait_for()
    assert_only_text(page, "an error that names the file")
    assert watch.left_the_machine == []
    context.close()


def test_markup_is_text_for_a_guest_too(browser: Browser, served: Served, clip: Path) -> None:  # noqa: F811
    project = hostile_project(served.studio, clip)
    link = served.studio.add_review_link(project.id, f"For {IMG}")
    context = browser.new_context()
    page, watch = watched(context)
    page.add_init_script(LISTEN)
    page.goto(f"{served.address}review/{link.token}")
    page.locator(".line").nth(1).wait_for()
    assert_only_text(page, "the review page")
    assert watch.errors == [] and watch.left_the_machine == []
    context.close()
