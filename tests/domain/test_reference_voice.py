"""Consent that says nothing is no consent; what a take keeps of its making survives being written down."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.plain import from_plain, to_plain
from studio.domain.reference_voice import STATEMENT, Consent, TakeVoice
from studio.domain.settings import Guidance


def test_consent_names_a_person_and_carries_the_sentence_that_was_ticked() -> None:
    assert Consent("Ada").statement == STATEMENT
    for whose, statement in (("", STATEMENT), ("Ada", " "), ("A\tB", STATEMENT), ("Ada", "x" * 401)):
        with pytest.raises(BadSetting, match="cannot be copied"):
            Consent(whose, statement)


@pytest.mark.parametrize("consent", [None, Consent("Ada", "She said yes.")])
def test_how_a_take_was_made_survives_being_written_down(consent: Consent | None) -> None:
    made = TakeVoice(Guidance(1.0, 0.5, 1.2, 0.3), 16, 7, "final", True, "", None if consent is None else "r1", consent)
    assert from_plain(TakeVoice, to_plain(made)) == made
