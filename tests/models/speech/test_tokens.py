"""Token tables and the words among tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.tokens import (
    PAD,
    TokenTable,
    UnspeakableText,
    named,
    read_token_table,
    word_spans,
    word_spans_of,
    write_token_table,
)

IPA = list("abdhlnstzæðɪəˈˌː ,.?!")


def words_in(tokens: list[str]) -> list[str]:
    return ["".join(tokens[span.first : span.last]) for span in word_spans(tokens) if span.is_word]


def test_a_table_written_and_read_again_gives_the_same_ids(tmp_path: Path) -> None:
    table = TokenTable.of([*IPA, "zh0", "ang4", "\u0329", "_"])
    write_token_table(table, tmp_path / "tokens.txt")
    again = read_token_table(tmp_path / "tokens.txt")
    assert again.tokens == table.tokens
    assert again.pad_id == 0
    assert again.ids([" ", "ang4", "\u0329"]) == table.ids([" ", "ang4", "\u0329"])
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.txt"]


def test_a_public_table_with_a_space_token_and_its_own_order_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("_\t0\n^\t1\n \t2\nə\t3\nn0\t4\r\n", encoding="utf-8")
    table = read_token_table(tmp_path / "tokens.txt")
    assert table.ids([" ", "ə", "n0"]) == [2, 3, 4]
    assert len(table) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_\t0\nə 1\n", "Line 2 of tokens.txt"),
        ("_\t0\nə\t1\nə\t2\n", "second id"),
        ("_\t0\nə\t2\n", "0 to 1"),
        ("a\t0\n", "no pad"),
        ("_\tzero\n", "Line 1"),
    ],
)
def test_a_table_that_no_embedding_fits_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tokens.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        read_token_table(tmp_path / "tokens.txt")


def test_unknown_tokens_are_listed_once_and_named_in_the_error() -> None:
    table = TokenTable.of("ab")
    found = table.look_up(["a", "ж", "b", "\u0329", "ж"])
    assert found.unknown == ("ж", "\u0329")
    assert len(found.ids) == 2
    with pytest.raises(UnspeakableText, match="“ж”, COMBINING VERTICAL LINE BELOW"):
        table.ids(["a", "ж", "b", "\u0329"])


def test_a_long_list_of_unknown_tokens_is_cut_with_its_count() -> None:
    assert named([chr(0x430 + place) for place in range(20)]).endswith("and 8 more")


@given(st.lists(st.sampled_from([*IPA, "zh0", "ang4", "a1", PAD])))
def test_every_token_lies_in_exactly_one_span(tokens: list[str]) -> None:
    spans = word_spans(tokens)
    assert [place for span in spans for place in range(span.first, span.last)] == list(range(len(tokens)))
    assert all(span.last > span.first for span in spans)


def test_words_end_at_spaces_and_marks() -> None:
    assert words_in(list("ɪnðə hˈaʊs, ðɪ ˈɛnd.")) == ["ɪnðə", "hˈaʊs", "ðɪ", "ˈɛnd"]


def test_a_pinyin_syllable_is_a_word_even_without_an_initial() -> None:
    assert words_in(["n0", "i3", "h0", "ao3", "，", "a1", "a1", *"bˈaɪ"]) == ["n0i3", "h0ao3", "a1", "a1", "bˈaɪ"]


def test_an_apostrophe_stays_inside_its_written_word() -> None:
    assert words_in(list("don't stop")) == ["don't", "stop"]


def test_a_joined_word_is_divided_between_its_written_words() -> None:
    tokens = list("ɪnðə hˈaʊs ʌvðɪ ˈɛnd.")
    words = [list(word) for word in ("ɪn", "ðˈə", "hˈaʊs", "ʌv", "ðˈə", "ˈɛnd")]
    spans = word_spans_of(tokens, words)
    assert ["".join(tokens[span.first : span.last]) for span in spans] == ["ɪn", "ðə", "hˈaʊs", "ʌv", "ðɪ", "ˈɛnd"]


def test_a_reduced_word_stays_on_its_side_of_the_gap() -> None:
    tokens = list("ɡˌoʊɪŋ tʊ ɐ pˈɑːɹɾi")
    spans = word_spans_of(tokens, [list(word) for word in ("ɡˈoʊɪŋ", "tˈuː", "ˈeɪ", "pˈɑːɹɾi")])
    assert ["".join(tokens[span.first : span.last]) for span in spans] == ["ɡˌoʊɪŋ", "tʊ", "ɐ", "pˈɑːɹɾi"]


def test_a_number_keeps_all_its_spoken_words() -> None:
    tokens = list("twˈɛnti tˈuː kˈæts")
    spans = word_spans_of(tokens, [list("twˈɛnti tˈuː"), list("kˈæts")])
    assert ["".join(tokens[span.first : span.last]) for span in spans] == ["twˈɛnti tˈuː", "kˈæts"]


def test_a_word_that_the_sentence_swallows_has_an_empty_span_at_its_place() -> None:
    tokens = list("bˈɪn nˈaʊ")
    spans = word_spans_of(tokens, [list("bˈɪn"), [], list("nˈaʊ")])
    assert [(span.first, span.last) for span in spans] == [(0, 4), (4, 4), (5, 9)]


@given(st.lists(st.text(alphabet="abdhˈː", min_size=1, max_size=5), min_size=1, max_size=6))
def test_words_that_sound_as_they_do_alone_are_all_found(words: list[str]) -> None:
    spoken = [word for word in words if any(character.isalpha() and character not in "ˈː" for character in word)]
    if not spoken:
        return
    tokens = list(" ".join(spoken))
    spans = word_spans_of(tokens, [list(word) for word in spoken])
    assert ["".join(tokens[span.first : span.last]) for span in spans] == spoken
