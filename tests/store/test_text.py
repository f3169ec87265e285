"""Text that a database keeps whole passes unchanged; the rest is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.errors import BadSetting
from studio.store.text import storable


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_whole_text_passes_unchanged(text: str) -> None:
    assert storable(text, "It") == text
    assert text.encode().decode() == text


@pytest.mark.parametrize("text", ["a\x00b", "\ud83c", "tail \udfff"])
def test_half_characters_and_zero_bytes_are_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="^The name holds a character that cannot be stored"):
        storable(text, "The name")
