"""Where terms may stand in many lines at once: each is looked for in all of them joined, so that a film is read once and not once per term.

Folded texts and pairs in (`domain/glossary.py`); per line the pairs to look at closely out, for `terms_in` has the last word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from studio.domain.glossary import folded

Pair = tuple[str, str]


def first_of(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Each source once: where two targets contradict each other, the first counts."""
    kept: dict[str, Pair] = {}
    for pair in pairs:
        kept.setdefault(folded(pair[0]), pair)
    return tuple(kept.values())


class Places:
    """Which lines may hold which pairs: every source side is looked for once, in all lines at once."""

    def __init__(self, pairs: Sequence[Pair], texts: Sequence[str]) -> None:
        self._by_line: dict[int, list[Pair]] = {}
        if not pairs:
            return
        starts, whole = [0], "\n".join(texts)
        for text in texts:
            starts.append(starts[-1] + len(text) + 1)
        for pair in pairs:
            wanted = folded(pair[0])
            place = whole.find(wanted) if wanted else -1
            while place >= 0:
                end = place + len(wanted)
                if _is_inside_word(whole, place - 1) or _is_inside_word(whole, end - 1):
                    place = whole.find(wanted, place + 1)
                    continue
                at = bisect_right(starts, place) - 1
                self._by_line.setdefault(at, []).append(pair)
                place = whole.find(wanted, starts[at + 1])

    def of(self, at: int) -> Sequence[Pair]:
        return self._by_line.get(at, ())

    def places(self) -> list[int]:
        return sorted(self._by_line)


def _is_inside_word(text: str, at: int) -> bool:
    """Whether no word ends after this character, for certain: most places where a term does not stand alone are seen at once."""
    pair = text[at : at + 2] if at >= 0 else ""
    return len(pair) == 2 and pair.isascii() and pair.isalnum()
