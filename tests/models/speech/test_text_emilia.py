"""Chinese and English in one line. The token rows were recorded from the public tokeniser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.text_emilia import EmiliaTokenizer, stretches, with_plain_marks
from models.speech.tokens import UnspeakableText
from studio.engines.espeak_phones import EspeakPhones
from studio.engines.espeak_pool import EspeakPool


@pytest.fixture(scope="module")
def emilia() -> Iterator[EmiliaTokenizer]:
    pool = EspeakPool(size=1)
    yield EmiliaTokenizer(EspeakPhones(pool))
    pool.close()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("你好 hello!", "n0|i2|h0|ao3| |h|ə|l|ˈ|o|ʊ|!"),
        ("Hello，世界！", "h|ə|l|ˈ|o|ʊ|,| |sh0|i4|j0|ie4|!"),
        ("我用iPhone 15打电话给Tom，他说OK。",
         "w0|o3|y0|ong4|ˈ|a|ɪ| |f|ˈ|o|ʊ|n| |f|ˈ|ɪ|f|t|i|ː|n|d0|a3|d0|ian4|h0|ua4|g0|ei3|t|ˈ|ɑ|ː|m|,| |t0|a1|sh0|uo1|ˌ|o|ʊ|k|ˈ|e|ɪ|."),
        ("[S1]霍...啦<le5>", "[S1]|h0|uo4|…|l0|a5|l0|e5"),
    ],
)  # fmt: skip
def test_tokens_are_those_of_the_public_tokeniser(emilia: EmiliaTokenizer, text: str, row: str) -> None:
    assert emilia.tokens(text) == row.split("|")


def test_a_line_of_numbers_alone_is_read_in_english(emilia: EmiliaTokenizer) -> None:
    assert "".join(emilia.tokens("2 + 3")) == "tˈuː plˈʌs θɹˈiː"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text"), ("？！…", "only marks"), ("hello мир", "“м”, “и”, “р”"), ("行こう", "“こ”, “う”"), ("请读<b>", "“<b>” is no pinyin"),
    ],
)  # fmt: skip
def test_what_it_cannot_say_is_refused_and_named(emilia: EmiliaTokenizer, text: str, said: str) -> None:
    with pytest.raises(UnspeakableText, match=said):
        emilia.tokens(text)


def test_marks_between_escapes_stay_marks(emilia: EmiliaTokenizer) -> None:
    assert emilia.tokens("好<le5>!") == ["h0", "ao3", "l0", "e5", "!"]


def test_stretches_follow_the_script_and_marks_go_with_the_words_before() -> None:
    found = [(stretch.text, stretch.kind) for stretch in stretches("“我们是,吗? Yes I café!霍[laugh]2024")]
    assert found == [("“我们是,吗? ", "chinese"), ("Yes I café!", "english"), ("霍", "chinese"), ("[laugh]", "tag"), ("2024", "chinese")]


@given(st.text(alphabet="你好abé5,. <>[]l", max_size=20))
def test_no_character_of_a_line_is_lost_between_stretches(text: str) -> None:
    assert "".join(stretch.text for stretch in stretches(text)) == text


def test_chinese_and_full_width_marks_become_plain_ones() -> None:
    assert with_plain_marks("好，吗？\n“ＡＢ”…… ...") == '好,吗? "AB"…… …'
