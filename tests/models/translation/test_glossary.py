"""Terms are found where they are words, and missed where their translation lacks them."""

from __future__ import annotations

import pytest

from models.translation.glossary import checked_terms, missed_terms, scene_terms, terms_in

TERMS = (("约克", "York"), ("新约克", "New York"), ("韩", "Han"), ("NASA", "NASA"), ("spider man", "蜘蛛侠"))


def test_words_of_spaced_scripts_match_whole_words_only() -> None:
    assert terms_in("Hand me the NASAL spray", (("Han", "韩"), ("NASA", "NASA"))) == ()
    assert terms_in("han's NASA badge", (("Han", "韩"), ("NASA", "NASA"))) == (("Han", "韩"), ("NASA", "NASA"))
    assert terms_in("他在NASA工作", TERMS) == (("NASA", "NASA"),)


def test_ideographs_thai_and_hangul_match_inside_running_text() -> None:
    assert terms_in("我是韩先生", TERMS) == (("韩", "Han"),)
    assert terms_in("ฉันชื่อสมชายครับ", (("สมชาย", "Somchai"),)) == (("สมชาย", "Somchai"),)
    assert terms_in("서울에 갔어", (("서울", "Seoul"),)) == (("서울", "Seoul"),)


def test_a_term_inside_a_longer_one_does_not_count_unless_it_stands_alone_too() -> None:
    assert terms_in("新约克", TERMS) == (("新约克", "New York"),)
    assert terms_in("新约克和约克", TERMS) == (("约克", "York"), ("新约克", "New York"))


def test_only_terms_of_the_scene_are_named_in_their_order_and_once() -> None:
    assert scene_terms(["韩来了", "NASA的韩"], TERMS) == (("韩", "Han"), ("NASA", "NASA"))
    assert scene_terms([], TERMS) == ()


@pytest.mark.parametrize("said", ["Han is here.", "HAN!", "That is Han's.", "the Hans", "“Han”"])
def test_case_plural_and_possessive_are_forgiven(said: str) -> None:
    assert missed_terms("韩来了", said, TERMS) == ()


@pytest.mark.parametrize("said", ["Hannah is here.", "Hun is here.", "", "He is here."])
def test_another_word_is_a_missed_term(said: str) -> None:
    assert missed_terms("韩来了", said, TERMS) == (("韩", "Han"),)


def test_hyphens_and_full_width_letters_make_no_difference() -> None:
    assert terms_in("Spider-Man!", TERMS) == (("spider man", "蜘蛛侠"),)
    assert missed_terms("ＮＡＳＡ说", "nasa says", TERMS) == ()


def test_a_name_that_stays_is_checked_like_any_other() -> None:
    assert missed_terms("NASA说", "The agency says", TERMS) == (("NASA", "NASA"),)


def test_one_of_several_targets_is_enough() -> None:
    either = (("师父", "Master"), ("师父", "Shifu"))
    assert missed_terms("师父！", "Shifu!", either) == ()
    assert missed_terms("师父！", "Teacher!", either) == either


def test_terms_are_put_on_one_line_and_an_empty_side_is_refused() -> None:
    assert checked_terms([(" New\nYork ", "纽约"), ("New York", "纽约")]) == (("New York", "纽约"),)
    with pytest.raises(ValueError, match="empty side"):
        checked_terms([("x", " ")])


def test_a_term_with_the_signs_of_a_pattern_is_only_text() -> None:
    assert terms_in("C++ (beta)?", (("C++", "C++"), ("(beta)", "(Beta)"))) == (("C++", "C++"), ("(beta)", "(Beta)"))
