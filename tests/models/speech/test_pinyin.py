"""Pinyin tokens and Chinese numbers, as the public tokeniser and its number converter give them (recorded)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.pinyin import PinyinReader, chinese_number, is_syllable, spoken_chinese, syllable_tokens


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def chinese(scratch: Path) -> Iterator[PinyinReader]:
    """A reader that loaded while the folder for temporary files was `scratch`."""
    before, tempfile.tempdir = tempfile.tempdir, str(scratch)
    reader = PinyinReader()
    reader.tokens("你好")
    yield reader
    tempfile.tempdir = before


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("你好", "n0 i2 h0 ao3"),
        ("我们是小米人", "w0 o3 m0 en5 sh0 i4 x0 iao2 m0 i3 r0 en2"),
        ("重庆银行", "ch0 ong2 q0 ing4 y0 in2 h0 ang2"),
        ("超过90%的人", "ch0 ao1 g0 uo4 b0 ai3 f0 en1 zh0 i1 j0 iu3 sh0 i2 d0 e5 r0 en2"),
        ("啊,吗?", "a5 , m0 a5 ?"),
    ],
)
def test_syllables_are_split_into_initial_and_final_with_tone(chinese: PinyinReader, text: str, tokens: str) -> None:
    assert chinese.tokens(text) == tokens.split()


def test_what_is_not_chinese_is_kept_character_by_character(chinese: PinyinReader) -> None:
    assert chinese.tokens("好 AB~") == ["h0", "ao3", " ", "A", "B", "~"]


def test_no_file_is_left_where_others_may_write(chinese: PinyinReader, scratch: Path) -> None:
    assert chinese.tokens("你好") == ["n0", "i2", "h0", "ao3"]
    assert list(scratch.iterdir()) == []


def test_syllables_carry_their_tone() -> None:
    assert is_syllable("zhang4") and is_syllable("le5")
    assert not is_syllable("zhang") and not is_syllable("le6") and not is_syllable("4") and not is_syllable("好4")
    assert syllable_tokens("zhang4") == ["zh0", "ang4"]
    assert syllable_tokens("ai4") == ["ai4"]


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "零"), ("10", "十"), ("12", "十二"), ("110", "一百一十"), ("305", "三百零五"), ("1005", "一千零五"), ("10010", "一万零一十"),
        ("100001", "十万零一"), ("1234567", "一百二十三万四千五百六十七"), ("100000001", "一亿零一"), ("007", "七"), ("1" * 30, "一" * 30),
    ],
)  # fmt: skip
def test_numbers_are_said_in_groups_of_four(digits: str, words: str) -> None:
    assert chinese_number(digits) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2019年5月1日", "二零一九年五月一日"), ("10年后", "十年后"), ("12.05元", "十二点零五元"), ("-5%", "百分之负五"), ("3/4", "四分之三"),
        ("25℃", "二十五摄氏度"), ("3-5个", "三到五个"), ("1,234,567", "一百二十三万四千五百六十七"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_they_are_said(text: str, words: str) -> None:
    assert spoken_chinese(text) == words


@given(st.text(alphabet="0123456789.,/-%℃年月日个a", max_size=24))
def test_no_digit_is_left_in_any_jumble(text: str) -> None:
    assert not any(character.isdigit() for character in spoken_chinese(text))
