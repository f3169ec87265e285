"""What text may enter the database: anything Unicode can write down. Text in, the same text out, or a sentence."""

from __future__ import annotations

from studio.domain.errors import BadSetting


def storable(text: str, what: str) -> str:
    """`text` unchanged. Raises BadSetting for half characters (lone surrogates) and NUL, which no database keeps whole."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadSetting(f"{what} holds a character that cannot be stored (half an emoji, or a zero byte); delete it and save again.")
    return text
