import pytest

from studio.domain.writing import looks_foreign


@pytest.mark.parametrize(
    ("text", "language"),
    [("快到山上来", "en"), ("Привет всем", "de"), ("this is plainly English", "zh"), ("where are you going", "th"), ("안녕하세요", "ja"), ("こんにちは", "zh")],
)
def test_text_in_the_letters_of_another_language_is_noticed(text: str, language: str) -> None:
    assert looks_foreign(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [("", "en"), ("123 … ?!", "zh"), ("OK", "zh"), ("他在 NASA 工作", "zh"), ("Ｈｅｌｌｏ", "en"), ("ça va, Zoë?", "fr"), ("東京へ行きます", "ja"), ("α", "en"), ("สวัสดี John", "th")],
)
def test_names_signs_and_digits_make_no_text_foreign(text: str, language: str) -> None:
    assert not looks_foreign(text, language)
