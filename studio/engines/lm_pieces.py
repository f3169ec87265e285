"""Lines too long for a model at one go: a text in, pieces in order out, cut where a speaker would pause, and their joints.

A piece ends a sentence where it can, else a clause, else a word. Add a script that ends sentences otherwise to `_ENDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from studio.engines.protocols import Wording

_ENDS = ("。！？.!?…", "，、；：,;:", " \t\n")
_UNSPACED = ("zh", "ja", "th")


def pieces(text: str, is_short: Callable[[str], bool]) -> list[str]:
    """The text in as few halvings as make every piece short; nothing is lost but the spaces at the cuts.

    >>> pieces("I called. Nobody answered. So I left.", lambda piece: len(piece) < 20)
    ['I called.', 'Nobody answered.', 'So I left.']
    """
    text = text.strip()
    if len(text) < 2 or is_short(text):
        return [text] if text else []
    cut = _cut(text)
    return pieces(text[:cut], is_short) + pieces(text[cut:], is_short)


def joint(language: str) -> str:
    """What stands between two pieces in a language."""
    return "" if language in _UNSPACED else " "


def joined(drawn: Sequence[Sequence[Wording | None]], between: str) -> list[Wording]:
    """Draw by draw the wordings of all pieces as one, scored by the mean over their letters; (n_pieces, n_draws) in.

    In a line of several pieces a draw that failed (None) is stood in for by the best one of its piece; a line with a piece
    that nothing was drawn for has no wording.
    """
    if len(drawn) == 1:
        found = [wording for wording in drawn[0] if wording is not None]
        return found if drawn[0][0] is not None else sorted(found, key=lambda wording: -wording.score)
    best = [max((one for one in of_piece if one is not None), key=lambda one: one.score, default=None) for of_piece in drawn]
    if any(one is None for one in best):
        return []
    return [_as_one([one or spare for one, spare in zip(draw, best, strict=True)], between) for draw in zip(*drawn, strict=True)]


def _as_one(parts: Sequence[Wording], between: str) -> Wording:
    letters = sum(len(part.text) for part in parts)
    score = sum(part.score * len(part.text) for part in parts) / letters
    return Wording(between.join(part.text for part in parts), score, score)


def _cut(text: str) -> int:
    """The place behind the pause nearest to the middle, of the strongest kind there is in the middle half."""
    middle = len(text) / 2
    for ends in _ENDS:
        cuts = [place + 1 for place, char in enumerate(text[:-1]) if char in ends]
        if inner := [cut for cut in cuts if abs(cut - middle) <= len(text) / 4]:
            return min(inner, key=lambda cut: abs(cut - middle))
    return round(middle)
