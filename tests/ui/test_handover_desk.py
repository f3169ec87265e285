"""The Export tab's delivery: what stands in the way, grouped and with jumps; what is streamed to a browser; whose it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from studio.domain.delivery import Check, Finding, Severity
from studio.domain.errors import BadSetting
from studio.domain.project import Project
from studio.domain.timebase import Timebase
from studio.service import Studio
from studio.ui.desk import Desk, DeskFeed
from studio.ui.export_present import CARDS, GROUPS, STREAMED, exports_view, fetch_address
from studio.ui.handlers import Handlers
from studio.ui.handover_desk import MAX_LINKS, grouped
from studio.ui.routes import add_routes
from studio.ui.session import Gate
from studio.ui.trust import LOOPBACK, Trust
from tests.accounts import signed
from tests.handover_films import dubbed
from tests.studio_fixtures import clip_project, fake_studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("handover desk"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def project(studio: Studio, clip: Path) -> Project:
    return dubbed(studio, clip)


@pytest.fixture(scope="module")
def page(studio: Studio) -> Iterator[TestClient]:
    app = FastAPI()
    add_routes(app, studio)
    app.add_middleware(Gate, door=studio.door, trust=Trust(), hosts=LOOPBACK)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def call(page: TestClient, project: Project, verb: str, values: dict) -> dict:
    return page.post(f"/desk/{project.id}/{verb}", json=values).json()


def test_the_delivery_says_what_stands_in_the_way_of_the_profile_chosen(page: TestClient, studio: Studio, project: Project) -> None:
    draft = call(page, project, "handover", {})
    assert draft["profile"] == "draft"
    assert draft["blocked_lines"] == 0
    assert {group["severity"] for group in draft["groups"]} <= {"should", "info"}
    assert set(draft["sizes"]) == {"stems", "premix"}
    strict = call(page, project, "set_handover", {"profile": "ebu_r128", "handle_ms": 250, "start_hour": 10})
    try:
        assert (strict["profile"], strict["handle_ms"], strict["start_timecode"]) == ("ebu_r128", 250, "10:00:00:00")
        assert strict["blocked_lines"] == 2
        first = strict["groups"][0]
        assert (first["check"], first["severity"], first["count"]) == ("not approved", "must", 2)
        assert first["lines"][0]["timecode"] == "10:00:00:10"
        assert Desk(studio, project.id, DeskFeed()).view().blocked == 2
        answer = Handlers(studio).export(project.id, "stems").ready
        assert answer.fetch == ""
        assert "refuses this export: 2 lines: not approved" in answer.notice
        assert page.get(signed(page, f"/media/handover/{project.id}/stems")).status_code == 400
    finally:
        call(page, project, "set_handover", {"profile": "draft", "handle_ms": 500, "start_hour": 0})
    assert Desk(studio, project.id, DeskFeed()).view().blocked == 0


def test_a_profile_that_is_none_is_refused_with_the_ones_there_are(page: TestClient, project: Project) -> None:
    answer = call(page, project, "set_handover", {"profile": "nobody", "handle_ms": 500, "start_hour": 0})
    assert "must be one of draft" in answer["error"]


def test_a_delivery_streams_with_its_length_told_beforehand(page: TestClient, studio: Studio, project: Project) -> None:
    answer = page.get(signed(page, f"/media/handover/{project.id}/stems"))
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "PILOT_de_stems.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert "dialogue_premix.wav" in archive.namelist()
    alone = page.get(signed(page, f"/media/handover/{project.id}/otio"))
    assert alone.json()["OTIO_SCHEMA"].startswith("Timeline")
    assert page.get(signed(page, f"/media/handover/{project.id}/nothing")).status_code == 400


def test_the_report_opens_in_a_tab_of_its_own_and_runs_nothing(page: TestClient, studio: Studio, project: Project) -> None:
    answer = page.get(signed(page, f"/media/quality/{project.id}"))
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    line_id = studio.rows(project.id)[0].line.id
    assert f"{page.base_url}/?project={project.id}&amp;tab=lines&amp;line={line_id}" in answer.text


def test_deliveries_of_someone_else_are_not_there(page: TestClient, studio: Studio, clip: Path) -> None:
    theirs = clip_project(studio.as_user("someone else"), clip)
    for address in (f"/media/handover/{theirs.id}/stems", f"/media/quality/{theirs.id}"):
        assert page.get(address).status_code == 404


def test_every_delivery_can_also_be_had_as_one_file(studio: Studio, project: Project) -> None:
    suffixes = {kind: studio.export(project.id, kind).suffix for kind in ("stems", "premix", "otio", "edl", "qc")}
    assert suffixes == {"stems": ".zip", "premix": ".zip", "otio": ".otio", "edl": ".zip", "qc": ".zip"}
    assert studio.export(project.id, "premix") == studio.export(project.id, "premix"), "made once while nothing changes"


def test_findings_are_grouped_and_only_so_many_lines_are_named() -> None:
    many = [Finding(Check.NOT_APPROVED, "no", f"l{number}", number, number * 40) for number in range(1, MAX_LINKS + 10)]
    alone = Finding(Check.OTHERS_OVERLAP, "x", "l1", 1, 0, Severity.INFO)
    whole = Finding(Check.STALE_RENDER, "The render is old.")
    groups = list(grouped([*many, alone, whole], Timebase(Fraction(25))))
    assert [(group.check, group.count, len(group.lines), group.sentence) for group in groups] == [
        ("not approved", MAX_LINKS + 9, MAX_LINKS, ""),
        ("stale render", 1, 0, "The render is old."),
    ]


def test_cards_stand_in_groups_and_large_files_stream(studio: Studio, project: Project) -> None:
    view = exports_view(studio.project(project.id), "r1")
    assert view.groups == GROUPS
    assert {item.group for item in view.items} == set(GROUPS)
    assert {item.kind for item in view.items if item.opens} == {"qc"}
    assert set(CARDS) >= STREAMED
    assert fetch_address("p", "stems") == "media/handover/p/stems"
    assert fetch_address("p", "target_srt") == "media/export/p/target_srt"
    with pytest.raises(BadSetting):
        studio.delivery(project.id, "video")
