"""What an editor preferred to a machine's wording: one choice per line and wording replaced. A change of a line's text and the choices
already kept in, the choices to keep out; nothing here is stored.

Typing is many small changes: all that follow one another on a line belong to the wording that stood there before the first, the last text
is the one preferred, and going back to that wording leaves no choice behind. The export for training is `studio/preferences.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TimedText:
    """A wording and its predicted time at a natural rate; None until it is known."""

    text: str
    total_ms: int | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A line that stood before the one decided about, as it was then."""

    source: str
    source_ms: int
    target: str


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen` was preferred to `rejected` as the translation of `source_text`, which fills `source_ms`.

    `wordings`: what was on offer, best first, among it `chosen` and `rejected`. `before`: earlier lines, oldest first.
    `who` decided, and `when` (ISO 8601, UTC). An empty `chosen` is a line that is being typed anew; it teaches nothing.
    """

    id: str
    line_id: str
    source_language: str
    target_language: str
    source_text: str
    source_ms: int
    chosen: str
    rejected: str
    wordings: tuple[TimedText, ...]
    before: tuple[Earlier, ...]
    who: str
    when: str

    @property
    def is_lesson(self) -> bool:
        return bool(self.chosen and self.source_text)

    def ms_of(self, text: str) -> int | None:
        return next((one.total_ms for one in self.wordings if one.text == text), None)

    def timed(self, text: str, total_ms: int) -> Choice:
        """The same choice, now that the time of one of its wordings is known."""
        return replace(self, wordings=tuple(TimedText(text, total_ms) if one.text == text else one for one in self.wordings))


@dataclass(frozen=True, slots=True)
class Change:
    """A line's translation, changed by hand from `old` to `fresh.chosen`. `fresh` is the choice this makes when `old` is a machine's
    wording; its `rejected` is not looked at. `machine`: the machine's wordings on offer, best first. `is_pick`: one of them was picked."""

    old: str
    fresh: Choice
    machine: tuple[TimedText, ...]
    is_pick: bool


def plain(text: str) -> str:
    """Wordings are compared, and kept, on one line and without white space around them.

    >>> plain(" Come\\n in! ")
    'Come in!'
    """
    return " ".join(text.split())


def after_change(known: tuple[Choice, ...], change: Change) -> tuple[Choice, ...]:
    """The line's choices, oldest first, once `change` has happened."""
    old, new = plain(change.old), plain(change.fresh.chosen)
    if old == new:
        return known
    going_on = next((one for one in reversed(known) if one.chosen == old and _is_of_same_line(one, change.fresh)), None)
    rejected = going_on.rejected if going_on is not None else _replaced(old, new, change)
    if rejected is None:
        return known
    kept = tuple(one for one in known if one is not going_on and not (one.rejected == rejected and _is_of_same_line(one, change.fresh)))
    if rejected == new:
        return kept
    times = {one.text: one for known_one in (going_on,) if known_one is not None for one in known_one.wordings}
    offered = {plain(one.text): TimedText(plain(one.text), one.total_ms) for one in change.machine}
    for text in (rejected, new):
        offered.setdefault(text, times.get(text, TimedText(text, None)))
    return (*kept, replace(change.fresh, chosen=new, rejected=rejected, wordings=tuple(offered.values())))


def _is_of_same_line(one: Choice, other: Choice) -> bool:
    """Whether they translate the same words: a line can be cut, retyped or turned to another language."""
    return (one.source_text, one.source_language, one.target_language) == (other.source_text, other.source_language, other.target_language)


def _replaced(old: str, new: str, change: Change) -> str | None:
    """The machine's wording that this change is preferred to; None where a person's words gave way to a person's words."""
    machine = [plain(one.text) for one in change.machine]
    if old in machine:
        return old
    return next((text for text in machine if text != new), None) if change.is_pick else None
