"""Likeliest legacy page of a text."""

from __future__ import annotations

import pytest

from studio.formats.letters import likeliest_page


def test_plain_ascii_and_a_single_letter_are_taken_for_the_commonest_page() -> None:
    assert likeliest_page(b"Hello") == "windows-1252"
    assert likeliest_page("Il caffè, perché no".encode("cp1252")) == "windows-1252"


def test_case_tells_two_cyrillic_pages_apart() -> None:
    text = "Привет, Друзья! Как Дела?"
    assert likeliest_page(text.encode("koi8-r")) == "koi8-r"
    assert likeliest_page(text.encode("cp1251")) == "windows-1251"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("gb18030", "我们走吧，没有时间了"),
        ("euc-kr", "우리 이제 가자 시간이 없어"),
        ("shift_jis", "もう行こう、時間がない"),
        ("big5", "我們走吧，沒有時間了"),
    ],
)
def test_east_asian_pages_are_told_apart_on_one_line(page: str, text: str) -> None:
    assert likeliest_page(text.encode(page)) == page


def test_random_bytes_get_some_page() -> None:
    assert isinstance(likeliest_page(bytes(range(128, 256))), str)
