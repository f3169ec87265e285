"""House rules are checked at birth: names, forms, and room."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.house import FORMAL, MAX_PHRASES, Address, HouseSettings
from studio.domain.plain import from_plain, to_plain


def test_rules_come_back_from_plain_values() -> None:
    rules = HouseSettings((("the pier", "der Pier"),), (Address("Mara", "", FORMAL),))
    assert from_plain(HouseSettings, to_plain(rules)) == rules


@pytest.mark.parametrize("given", [("", "Tom", FORMAL), ("Mara", "Tom", "polite"), ("Mara", "a\nb", FORMAL), ("x" * 200, "", FORMAL)])
def test_a_form_of_address_names_who_and_one_of_two_forms(given: tuple[str, str, str]) -> None:
    with pytest.raises(BadSetting):
        Address(*given)


@pytest.mark.parametrize("phrases", [(("", "x"),), (("a", "b\nc"),), (("a", "b" * 300),), tuple((str(n), "x") for n in range(MAX_PHRASES + 1))])
def test_phrases_have_two_sides_of_one_line_and_there_is_an_end_of_them(phrases: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(BadSetting, match="phrase"):
        HouseSettings(phrases)
