"""The language of the login page: chosen before, else what the browser asks for; its words from the catalogue of the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.person import PAGE_LANGUAGES
from studio.ui.launch import ServeOptions, build_app
from studio.ui.page_language import LANGUAGE_COOKIE, Tongue, page_language, tongues
from studio.ui.routes import ASSETS
from tests.studio_fixtures import fake_studio


@pytest.mark.parametrize(
    ("chosen", "accepted", "wanted"),
    [("", "", "en"), ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("", "en;q=0.3, zh;q=0.7", "zh"), ("en", "zh", "en"), ("<b>", "fr,de", "en"), ("", "zh;q=x," * 400, "zh")],
)
def test_the_language_chosen_comes_first_then_the_browsers(chosen: str, accepted: str, wanted: str) -> None:
    assert page_language(chosen, accepted) == wanted


def test_a_sentence_is_said_with_what_is_filled_in_and_without_its_stop() -> None:
    tongue = Tongue("zh", {"Log in": "登录", "Wait {*0}, then try again.": "请等待 {*0} 后再试。", "{#0} seconds": "{#0} 秒", "Try again": "再试一次"})
    assert tongue.said("Wait 12 seconds, then try again.") == "请等待 12 秒 后再试。"
    assert tongue.said("Try again.") == "再试一次。"
    assert tongue.said("Log in. Wait 3 seconds, then try again.") == "登录。请等待 3 秒 后再试。"
    assert tongue.said("Nobody has put this in.") == "Nobody has put this in."


def test_every_language_of_the_page_has_a_name_and_a_catalogue() -> None:
    spoken = tongues(ASSETS / "lang")
    assert set(spoken) == set(PAGE_LANGUAGES)
    assert spoken["zh"].said("Log in") != "Log in" and spoken["zh"].tag == "zh-Hans"


def test_the_login_page_speaks_chinese_and_keeps_where_somebody_wanted_to_go(tmp_path: Path) -> None:
    studio = fake_studio(tmp_path / "home")
    nobody = TestClient(build_app(studio, ServeOptions(with_demo=False)), base_url="http://127.0.0.1:7860", follow_redirects=False)
    page = nobody.get("/login?project=0a1b&tab=lines", headers={"accept-language": "zh-CN"})
    assert '<html lang="zh-Hans">' in page.text and "[[" not in page.text and "{{" not in page.text
    assert 'href="login?project=0a1b&amp;tab=lines&amp;language=en"' in page.text
    english = nobody.get("/login?project=0a1b&language=en", headers={"accept-language": "zh-CN"})
    assert '<html lang="en">' in english.text and 'name="place" value="project=0a1b"' in english.text
    assert nobody.cookies[LANGUAGE_COOKIE] == "en"
    refused = nobody.post("/login", data={"name": "ada", "password": "no"}, headers={"accept-language": "zh-CN"})
    assert "do not belong together" in refused.text, "what was chosen here goes before what the browser asks for"
    assert "set-cookie" not in nobody.get("/login?language=xx").headers
    studio.close()


def test_the_cursor_stands_where_something_is_missing(tmp_path: Path) -> None:
    studio = fake_studio(tmp_path / "home")
    nobody = TestClient(build_app(studio, ServeOptions(with_demo=False)), base_url="http://127.0.0.1:7860")
    assert 'name="name" autocomplete="username" value="" required autofocus>' in nobody.get("/login").text
    refused = nobody.post("/login", data={"name": "ada", "password": "not it at all"}).text
    assert 'value="ada" required >' in refused and 'autocomplete="current-password" required autofocus>' in refused
    studio.close()
