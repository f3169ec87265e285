"""Settings are valid from birth, and those stored by an earlier studio still load."""

from __future__ import annotations

import json

import pytest

from studio.domain.errors import BadSetting
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.settings import Settings, TranslationSettings

TERMS = (("张伟", "Zhang Wei"), ("龙门", "Dragon Gate"))


def test_a_glossary_survives_storing_and_changes_the_fingerprint() -> None:
    settings = Settings(translation=TranslationSettings(terms=TERMS))
    again = from_plain(Settings, json.loads(json.dumps(to_plain(settings))))
    assert again == settings
    assert hash(again) == hash(settings)
    assert fingerprint(settings) == fingerprint(again) != fingerprint(Settings())


def test_settings_stored_before_there_was_a_glossary_load_with_todays_defaults() -> None:
    plain = to_plain(Settings())
    for name in ("terms", "draw_count"):
        del plain["translation"][name]
    plain["translation"]["candidate_count"] = 5
    settings = from_plain(Settings, plain)
    assert settings.translation == TranslationSettings(candidate_count=5)
    assert settings.translation.terms == ()


@pytest.mark.parametrize(
    "terms",
    [
        (("张伟", ""),), (("a\nb", "c"),), (("a", "b" * 81),), (("a", "b", "c"),), (("a",),), [["a", "b"]], "ab",
        tuple((str(n), "x") for n in range(201)), (("a", 3),),
    ],
)  # fmt: skip
def test_a_glossary_that_cannot_be_kept_is_refused_in_a_sentence(terms: object) -> None:
    with pytest.raises(BadSetting, match="terms"):
        TranslationSettings(terms=terms)


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(BadSetting, match="draw_count must lie between 1 and 64"):
        TranslationSettings(draw_count=0)
