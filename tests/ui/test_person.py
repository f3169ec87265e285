"""What the page hears of and says about the person in front of it."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.service import Studio
from studio.ui.person import change_person, person_view


def test_a_change_leaves_what_it_does_not_name(studio: Studio) -> None:
    change_person(studio, {"keys": {"play": ["P"]}})
    view = change_person(studio, {"language": "zh"})

    assert view == person_view(studio)
    assert (view.language, view.keys) == ("zh", {"play": ("P",)})
    assert change_person(studio, {"language": ""}).language == ""


@pytest.mark.parametrize("values", [{"theme": "x"}, {"keys": []}, {"keys": {"play": "P"}}, {"keys": {"play": [1]}}, {"language": 3}])
def test_whatever_else_is_sent_is_refused(studio: Studio, values: dict) -> None:
    with pytest.raises(BadSetting):
        change_person(studio, values)
