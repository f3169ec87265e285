"""What answers tell the browser: pages call nobody else, files run nothing."""

from __future__ import annotations

import pytest

from studio.ui.headers import FILE, dressed, policy_of


@pytest.mark.parametrize("path", ["/", "/login", "/gradio_api/queue/join", "/media/take/a/b", "/desk/a/rows", "/uploads/x"])
def test_no_policy_names_a_foreign_address_or_lets_plug_ins_and_foreign_bases_in(path: str) -> None:
    policy = policy_of(path)
    assert "http:" not in policy and "https:" not in policy and "*" not in policy
    assert "default-src 'none'" in policy or all(rule in policy for rule in ("object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-src 'none'"))


def test_files_and_answers_are_no_pages() -> None:
    assert {policy_of(path) for path in ("/media/export/p/report", "/uploads", "/desk/p/panel", "/me/settings", "/voices/p")} == {FILE}


def test_the_login_page_runs_no_inline_script() -> None:
    assert "unsafe" not in policy_of("/login") and "frame-ancestors 'none'" in policy_of("/login")


def test_what_a_route_says_itself_is_kept() -> None:
    said = [(b"Content-Security-Policy", b"x"), (b"referrer-policy", b"no-referrer"), (b"cache-control", b"private, no-cache")]
    headers = dressed("/media/take/p/x", said)
    assert headers[:3] == said and len({name.lower() for name, _ in headers}) == len(headers)
    assert b"x-content-type-options" in dict(headers)


@pytest.mark.parametrize("said", [[], [(b"cache-control", b"max-age=600")], [(b"Cache-Control", b"public, no-cache")]])
def test_a_cache_keeps_only_what_is_the_same_for_everybody(said: list[tuple[bytes, bytes]]) -> None:
    for path in ("/", "/config", "/desk/p/rows", "/media/export/p/x", "/gradio_api/queue/data", "/look"):
        assert [value for name, value in dressed(path, said) if name.lower() == b"cache-control"] == [b"private, no-store"], path
    for path in ("/look/css/desk.css", "/assets/index.js"):
        assert [one for one in dressed(path, said) if one[0].lower() == b"cache-control"] == said, path
