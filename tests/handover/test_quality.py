"""The quality report over a whole project: measured, weighed under its profile, written for people and programs; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from studio.domain.delivery import Check, ExportRefused, Finding, Severity
from studio.domain.line import LineStatus
from studio.domain.project import Project
from studio.domain.settings import HandoverSettings
from studio.engines.protocols import Audio, Availability, Words
from studio.handover.mix_measure import MixMeasure
from studio.handover.quality import QualityReport, line_musts
from studio.handover.report_page import report_html, report_json
from studio.media.loudness import measure
from studio.service import Studio
from tests.fakes import FakeTranscriber
from tests.handover_films import dubbed
from tests.studio_fixtures import fake_studio


class Listener(FakeTranscriber):
    """Hears what a test tells it to."""

    name = "listener"

    def __init__(self) -> None:
        super().__init__()
        self.hears, self.is_here, self.count = "", True, 0

    def available(self) -> Availability:
        return Availability(self.is_here, "ready" if self.is_here else "its model is missing")

    def transcribe(self, audio: Audio, language: str) -> Words:
        self.count += 1
        return Words(self.hears)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quality")


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def studio(place: Path, listener: Listener) -> Iterator[Studio]:
    opened = fake_studio(place / "home", transcriber=listener)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def project(studio: Studio, clip: Path) -> Project:
    return dubbed(studio, clip)


@pytest.fixture
def profile(studio: Studio, project: Project) -> Iterator[object]:
    """Sets the project's profile for one test."""
    yield lambda name: studio.set_handover(project.id, HandoverSettings(profile=name))
    studio.set_handover(project.id, HandoverSettings())


def checks(report: QualityReport, severity: Severity | None = None) -> set[Check]:
    return {item.check for item in report.findings if severity in (None, item.severity)}


def test_loudness_is_that_of_the_rendered_mix(studio: Studio, project: Project) -> None:
    report = studio.quality(project.id)
    by_ffmpeg = measure(studio.export(project.id, "dub_wav"))
    assert report.mix is not None
    assert report.mix.integrated_lufs == pytest.approx(by_ffmpeg.integrated_lufs, abs=0.2)
    assert report.mix.true_peak_dbtp == pytest.approx(by_ffmpeg.true_peak_dbtp, abs=0.3)
    assert report.mix.dialogue_lufs is not None


def test_where_nobody_can_listen_the_report_says_so_and_never_that_all_is_well(studio: Studio, project: Project, listener: Listener) -> None:
    listener.is_here = False
    try:
        report = studio.quality(project.id)
    finally:
        listener.is_here = True
    assert report.read.listener == ""
    assert Check.NOT_READ_BACK in checks(report)
    assert "listener: its model is missing" in report_html(report)
    assert json.loads(report_json(report))["read_back"] == {"listener": "", "takes": 0, "why_not": "listener: its model is missing"}


def test_words_that_are_cut_off_are_told_from_words_misheard_and_heard_ones_are_kept(studio: Studio, project: Project, listener: Listener) -> None:
    first = studio.rows(project.id)[0].line.target_text
    listener.hears = first
    assert not checks(studio.quality(project.id)) & {Check.NOT_READ_BACK}
    asked = listener.count
    listener.version, listener.hears = "2", "one"
    found = {item.number: item for item in studio.quality(project.id).findings if item.check is Check.TRUNCATED}
    assert "was not heard" in found[1].sentence
    assert listener.count == 2 * asked
    studio.quality(project.id)
    assert listener.count == 2 * asked, "what was heard once is not listened to again"


def test_a_draft_leaves_with_everything_told_and_a_broadcast_not_before_all_is_signed_off(studio: Studio, project: Project, profile: object, listener: Listener) -> None:
    listener.hears = ""
    draft = studio.quality(project.id)
    assert checks(draft, Severity.MUST) == set()
    assert Check.NOT_APPROVED in checks(draft, Severity.SHOULD)
    studio.check_export(project.id, "stems")
    profile("web")
    studio.check_export(project.id, "stems")
    profile("ebu_r128")
    with pytest.raises(ExportRefused, match="2 lines: not approved") as refused:
        studio.export(project.id, "video")
    assert [item.number for item in refused.value.findings] == [1, 2]
    for kind in ("stems", "premix", "otio", "edl"):
        with pytest.raises(ExportRefused):
            studio.delivery(project.id, kind)
    studio.delivery(project.id, "qc")
    studio.export(project.id, "target_srt")
    ids = [row.line.id for row in studio.rows(project.id)]
    assert [item.line_id for item in line_musts(studio.rows(project.id), studio.project(project.id).project)] == ids
    studio.set_status(project.id, ids, LineStatus.APPROVED)
    try:
        studio.check_export(project.id, "stems")
    finally:
        studio.set_status(project.id, ids, LineStatus.DRAFT)


def test_an_edit_after_the_render_is_told_and_refused(studio: Studio, project: Project, profile: object) -> None:
    from studio.line_verbs import LineEdit

    row = studio.rows(project.id)[0]
    studio.revise_line(project.id, row.line.id, LineEdit(target_text="anders"))
    try:
        profile("web")
        found = {item.check for item in studio.standing_findings(project.id) if item.severity is Severity.MUST}
        assert {Check.STALE_TAKE, Check.STALE_RENDER} <= found
    finally:
        studio.revise_line(project.id, row.line.id, LineEdit(target_text=row.line.target_text))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_the_page_stands_alone_escapes_what_people_typed_and_leads_to_the_lines(studio: Studio, project: Project) -> None:
    report = studio.quality(project.id)
    hostile = Finding(Check.FLAG, "<script>alert(1)</script>", "x\"><img src=x>", 7, 1000)
    report = replace(report, project=replace(report.project, name="<b>Film</b>"), findings=(*report.findings, hostile))
    html = report_html(report, "https://studio.example/")
    seen = _Tags()
    seen.feed(html)
    assert not {"script", "img", "b", "link", "iframe"} - {"b"} & set(seen.tags)
    assert "&lt;b&gt;Film&lt;/b&gt;" in html
    line_id = studio.rows(project.id)[0].line.id
    assert f"https://studio.example/?project={project.id}&tab=lines&line={line_id}" in seen.links
    assert _links(report_html(report)) == []


def _links(html: str) -> list[str]:
    seen = _Tags()
    seen.feed(html)
    return seen.links


def test_the_json_says_what_was_measured_by_which_rule(studio: Studio, project: Project, profile: object) -> None:
    profile("streaming")
    content = json.loads(report_json(studio.quality(project.id)))
    assert content["passes"] is False
    assert content["profile"]["loudness"] == {"target_lufs": -27.0, "tolerance_lu": 2.0, "is_dialogue_gated": True}
    assert "Dolby" in content["dialogue_gate"]
    assert content["counts"]["lines"] == 2
    first = next(item for item in content["findings"] if item["line"] == 1)
    assert first["timecode"] == "00:00:00:10"


def test_a_project_that_was_never_rendered_has_no_loudness_and_says_so(studio: Studio, project: Project) -> None:
    report = replace(studio.quality(project.id), mix=None)
    assert "has not been measured" in report_html(report)
    assert json.loads(report_json(report))["mix"] is None
    silent = replace(report, mix=MixMeasure(None, None, None, None))
    assert report_html(silent).count("cannot be told") == 4
