"""The page's own routes over the whole application: login, media with ranges, desk calls, and who may see what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from studio.ui.trust import Trust
from tests.accounts import add_people, client_of as client, password_of, signed
from tests.studio_fixtures import clip_project, fake_studio, finish



@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Studio, Project]]:
    """Ada's rendered project in a studio with two users."""
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    finish(ada, ada.submit(project.id, JobKind.RENDER))
    yield ada, project
    studio.close()


@pytest.fixture(scope="module")
def app(shared: tuple[Studio, Project]) -> Iterator[object]:
    add_people(shared[0], ada=Role.EDITOR, bob=Role.EDITOR)
    yield build_app(shared[0], ServeOptions())


def addresses(studio: Studio, project: Project) -> list[str]:
    row = studio.rows(project.id)[0]
    kinds = {
        "source": "video",
        "rendered": "video",
        "take": row.line.take_id,
        "clip": row.line.id,
        "preview": row.line.id,
        "export": "script_csv",
        "peaks": "all",
    }
    return [f"/media/{kind}/{project.id}/{item}" for kind, item in kinds.items()] + [f"/desk/{project.id}/rows"]


def test_the_owner_gets_every_medium_and_another_user_none(app: object, shared: tuple[Studio, Project]) -> None:
    ada, bob, nobody = client(app, "ada"), client(app, "bob"), client(app, None)
    for address in addresses(*shared):
        assert ada.get(signed(ada, address)).status_code == 200, address
        refused = bob.get(signed(ada, address))
        assert refused.status_code == 404, address
        assert "belongs to someone else" in refused.json()["error"]
        assert nobody.get(address).status_code == 401, address


def test_another_user_can_change_nothing(app: object, shared: tuple[Studio, Project]) -> None:
    studio, project = shared
    line_id = studio.rows(project.id)[0].line.id
    for verb, values in {
        "revise": {"line_id": line_id, "target": "x"},
        "delete": {"line_ids": [line_id]},
        "submit": {"kind": "voice"},
        "pick": {"line_id": line_id, "candidate_id": "x"},
        "regenerate": {"line_ids": [line_id], "over_budget": False, "instruction": "shorter"},
        "house": {},
        "set_terms": {"text": "a = b"},
        "set_learning": {"keep": True},
        "forget_choices": {},
    }.items():
        assert client(app, "bob").post(f"/desk/{project.id}/{verb}", json=values).status_code == 404, verb
    assert studio.rows(project.id)[0].line.target_text != "x"
    settings = studio.project(project.id).project.settings
    assert settings.translation.terms == () and not settings.learning.keep_choices


@pytest.mark.parametrize(
    ("verb", "values", "status"),
    [
        ("regenerate", {"line_ids": ["{line}"], "over_budget": False, "instruction": "x" * 10_000}, 400),
        ("regenerate", {"line_ids": ["{line}"], "over_budget": False, "instruction": "\x00\n\u202e"}, 400),
        ("regenerate", {"line_ids": [], "over_budget": False}, 400),
        ("pick", {"line_id": "{line}", "candidate_id": "nobody"}, 404),
        ("panel", {"line_id": "nobody"}, 404),
        ("set_terms", {"text": "\x00 = \x00"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    app: object, shared: tuple[Studio, Project], verb: str, values: dict[str, object], status: int
) -> None:
    studio, project = shared
    line_id = studio.rows(project.id)[0].line.id
    filled = json.loads(json.dumps(values).replace("{line}", line_id))
    answer = client(app, "ada").post(f"/desk/{project.id}/{verb}", json=filled)
    assert answer.status_code == status and answer.json()["error"].endswith("."), answer.text
    assert len(answer.text) < 600 and "reference" not in answer.text


def test_a_glossary_of_ten_thousand_rows_is_answered_at_once_with_what_was_kept(app: object, shared: tuple[Studio, Project]) -> None:
    rows = "\n".join(f"word{n} = Wort{n}" for n in range(10_000))
    house = client(app, "ada").post(f"/desk/{shared[1].id}/set_terms", json={"text": rows}).json()
    assert house["term_count"] == 200 and "one too many" in house["complaints"][0]
    assert client(app, "ada").post(f"/desk/{shared[1].id}/set_terms", json={"text": ""}).json()["term_count"] == 0


def test_media_are_served_by_byte_ranges(app: object, shared: tuple[Studio, Project]) -> None:
    ada = client(app, "ada")
    part = ada.get(signed(ada, f"/media/source/{shared[1].id}/video"), headers={"range": "bytes=10-29"})
    assert part.status_code == 206 and len(part.content) == 20
    assert part.headers["content-range"].startswith("bytes 10-29/")
    assert "private" in part.headers["cache-control"]


def test_an_export_comes_as_a_file_with_a_name(app: object, shared: tuple[Studio, Project]) -> None:
    ada = client(app, "ada")
    answer = ada.get(signed(ada, f"/media/export/{shared[1].id}/target_srt"))
    assert answer.headers["content-disposition"].startswith("attachment") and "Pilot" in answer.headers["content-disposition"]
    assert b"-->" in answer.content


def test_an_edit_is_answered_with_its_row(app: object, shared: tuple[Studio, Project]) -> None:
    studio, project = shared
    line_id = studio.rows(project.id)[1].line.id
    answer = client(app, "ada").post(f"/desk/{project.id}/revise", json={"line_id": line_id, "target": "drei"})
    assert answer.status_code == 200 and answer.json()["row"]["target"] == "drei"
    assert studio.rows(project.id)[1].line.target_text == "drei"


def test_a_wrong_call_is_answered_with_a_sentence_and_no_traceback(app: object, shared: tuple[Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    project, ada = shared[1], client(app, "ada")
    assert ada.post(f"/desk/{project.id}/explode", json={}).status_code == 404
    assert ada.post(f"/desk/{project.id}/delete", content=b"line_ids=1", headers={"content-type": "text/plain"}).status_code == 400
    strange = ada.post(f"/desk/{project.id}/split", json={"surprise": 1})
    assert strange.status_code == 400 and "reload the page" in strange.json()["error"]
    monkeypatch.setattr(Studio, "split_line", lambda *_: {}["a fault of ours"])
    broken = ada.post(f"/desk/{project.id}/split", json={"line_id": "x", "at_ms": 5})
    assert broken.status_code == 500 and "reference" in broken.json()["error"] and "Traceback" not in broken.text
    assert ada.get(signed(ada, f"/media/secret/{project.id}/x")).status_code == 404


def test_a_wrong_password_is_told_on_the_login_page(app: object) -> None:
    answer = client(app, None).post("/login", data={"name": "ada", "password": "no"})
    assert answer.status_code == 401 and "do not belong together" in answer.text


def test_who_followed_a_link_lands_where_it_leads_after_the_login(app: object) -> None:
    nobody = client(app, None)
    asked = nobody.get("/?project=0a1b&tab=lines", headers={"accept": "text/html"})
    assert asked.headers["location"] == "/login?project=0a1b&tab=lines"
    assert 'name="place" value="project=0a1b&amp;tab=lines"' in nobody.get(asked.headers["location"]).text
    form = {"name": "ada", "password": password_of("ada")}
    assert nobody.post("/login", data=form | {"place": "project=0a1b&tab=lines"}).headers["location"] == "./?project=0a1b&tab=lines"
    for place in ("//evil.example", "https://evil.example/", "x\r\nset-cookie: a=b", '"><script>', "x" * 600):
        assert nobody.post("/login", data=form | {"place": place}).headers["location"] == "./", place
        assert "<script>alert" not in nobody.get("/login", params={"a": place}).text


def test_cookies_are_marked_and_secure_behind_a_proxy_with_tls_only_where_it_is_believed(shared: tuple[Studio, Project]) -> None:
    form, told = {"name": "ada", "password": password_of("ada")}, {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
    for trusted, is_secure in (("10.0.0.0/8", True), ("", False)):
        served = build_app(shared[0], ServeOptions(trust=Trust.read(trusted)))
        behind = client(served, None, client=("10.0.0.1", 5000))
        for cookie in behind.post("/login", data=form, headers=told).headers.get_list("set-cookie"):
            lowered = cookie.lower()
            assert "httponly" in lowered and ("samesite=lax" in lowered or "samesite=strict" in lowered)
            assert ("; secure" in lowered) == is_secure


def test_a_login_is_a_small_form_and_nothing_else(app: object) -> None:
    nobody = client(app, None)
    for sent in ({"json": {"name": "ada"}}, {"files": {"name": b"ada"}}, {"data": {"name": "x" * 9000}}, {"content": b"a=1&" * 20, "headers": {"content-type": "application/x-www-form-urlencoded"}}):
        assert nobody.post("/login", **sent).status_code == 400, sent


def test_logging_out_ends_the_session(app: object) -> None:
    ada = client(app, "ada")
    assert ada.get("/").status_code == 200
    assert ada.post("/leave").status_code == 303
    assert ada.get("/", headers={"accept": "text/html"}).headers["location"] == "/login"


def test_the_page_names_no_other_machine(app: object) -> None:
    page = client(app, "ada").get("/").text
    assert "look/css/tokens.css" in page
    assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', page)


def test_no_event_of_the_page_is_a_public_endpoint(app: object) -> None:
    info = client(app, "ada").get("/gradio_api/info").json()
    assert info["named_endpoints"] == {} and info["unnamed_endpoints"] == {}


def test_style_sheets_and_modules_are_served(app: object) -> None:
    for address in ("/look/css/tokens.css", "/look/js/desk/desk.js", "/look/icons/lipline.png"):
        assert client(app, None).get(address).status_code == 200
    assert client(app, None).get("/look/js/%2e%2e/%2e%2e/app.py").status_code == 404
