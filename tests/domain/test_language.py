import pytest

from studio.domain.errors import BadSetting
from studio.domain.language import ISO_639_2, NAMES, language_code


@pytest.mark.parametrize(("text", "code"), [("zh-CN", "zh"), ("EN", "en"), ("German", "de"), ("pt_BR", "pt"), ("cmn", "zh"), (" fr ", "fr")])
def test_a_language_is_known_by_code_tag_or_name(text: str, code: str) -> None:
    assert language_code(text) == code


@pytest.mark.parametrize("text", ["", "klingon", "e", "../etc", "english please"])
def test_an_unknown_language_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadSetting, match="such as en, zh"):
        language_code(text)


def test_every_language_has_the_code_that_mp4_wants() -> None:
    assert NAMES.keys() == ISO_639_2.keys()
    assert all(len(code) == 3 for code in ISO_639_2.values())
