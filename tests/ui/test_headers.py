"""What answers tell the browser: pages call nobody else, files run nothing."""

from __future__ import annotations

import pytest

from studio.ui.headers import FILE, added, policy_of


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
    names = [name for name, _ in added("/", {b"content-security-policy", b"referrer-policy"})]
    assert b"content-security-policy" not in names and b"referrer-policy" not in names
    assert b"x-content-type-options" in names
