"""What of a text an engine may speak: any text in, one line without control codes out, in pieces of bounded length."""

from __future__ import annotations

import unicodedata

from studio.domain.settings import Limits

LONGEST_CHARS = Limits().max_text_chars
_DROPPED_CATEGORIES = ("Cc", "Cs", "Co", "Cn")  # control codes command the engine; the others have no sound


def has_speech(text: str) -> bool:
    """Whether there is a letter or a digit to say. Alone, signs such as "!?" would be spelled out by name."""
    return any(character.isalnum() for character in text)


def speakable(text: str) -> str:
    """One line of plain text without control codes (NUL, and the codes that embed commands)."""
    joined = " ".join(text.split())
    return "".join(character for character in joined if unicodedata.category(character) not in _DROPPED_CATEGORIES)


def within_limit(text: str) -> list[str]:
    """A text of any length in pieces short enough to speak, cut between words where there are any."""
    rest, pieces = speakable(text), []
    while len(rest) > LONGEST_CHARS:
        space = rest.rfind(" ", 1, LONGEST_CHARS)
        cut = LONGEST_CHARS if space < 0 else space
        pieces.append(rest[:cut])
        rest = rest[cut:].lstrip()
    return [*pieces, rest]
