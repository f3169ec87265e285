"""Keys and language of the person the studio speaks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from tests.studio_fixtures import fake_studio


def test_keys_and_language_follow_the_person_and_nobody_else(home: Path) -> None:
    studio = fake_studio(home)
    mei = studio.as_user("mei")

    mei.set_keys({"play": ["P"], "approve": []})
    mei.set_language("zh")

    kept = studio.as_user("mei").person_settings()
    assert {one.command: one.keys for one in kept.keys} == {"play": ("P",), "approve": ()}
    assert kept.language == "zh"
    assert studio.as_user("lao").person_settings().keys == ()
    assert mei.set_language(None).language is None
    studio.close()


def test_a_refused_key_changes_nothing(home: Path) -> None:
    studio = fake_studio(home)
    studio.set_keys({"play": ["P"]})

    with pytest.raises(BadSetting):
        studio.set_keys({"play": ["two words"]})

    assert studio.person_settings().keys[0].keys == ("P",)
    studio.close()
