"""What the page's HTML holds before any of its scripts runs."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.testclient import TestClient

from studio.ui.first_screen import FirstScreen

FRAME = '<!doctype html><head><base href="./" /><link rel="stylesheet" href="frame.css"></head><body>é</body>'
PROJECT = "0123456789abcdef" * 2


@pytest.fixture
def page() -> TestClient:
    app = FastAPI()
    app.add_api_route("/", lambda: HTMLResponse(FRAME))
    app.add_api_route("/other", lambda: HTMLResponse(FRAME))
    app.add_api_route("/plain", lambda: PlainTextResponse("</head>"))
    app.add_middleware(FirstScreen, scripts="<script></script>", sheets='<link href="ours.css">')
    return TestClient(app)


def test_scripts_stand_before_the_frames_own_and_sheets_behind_all_of_its(page: TestClient) -> None:
    answer = page.get("/")
    assert answer.text == FRAME.replace('"./" />', '"./" /><script></script>').replace("</head>", '<link href="ours.css"></head>')
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_lines_are_asked_for_where_the_address_names_a_project(page: TestClient) -> None:
    asked = re.findall(r'<link rel="preload" as="fetch" crossorigin href="([^"]+)">', page.get(f"/?tab=lines&project={PROJECT}").text)
    assert asked == [f"desk/{PROJECT}/opening"]


@pytest.mark.parametrize("named", ["", "x", f'{PROJECT}"><script>', f"{PROJECT}00", PROJECT.upper()])
def test_what_is_no_project_never_reaches_the_page(page: TestClient, named: str) -> None:
    assert "preload" not in page.get("/", params={"project": named}).text


def test_any_other_answer_passes_as_it_is(page: TestClient) -> None:
    assert page.get("/other").text == FRAME and page.get("/plain").text == "</head>" and page.get("/none").status_code == 404
