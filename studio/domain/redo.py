"""What regenerating lines would redo, counted before it is done, and said in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedoPlan:
    """`wordings`: lines for which new wordings are drawn; `takes`: at most so many are made (fewer where no better wording is found);
    `reused`: takes that exist already and are circled again; `kept`: lines whose take stays as it is, `kept_words` of them lines that
    keep a person's words while new wordings are listed; `locked` and `unvoiced` are left alone: the latter have no words or no voice.
    `mix_ms`: how much sound the next render mixes again, 0 where nothing changes or nothing has been rendered."""

    lines: int
    wordings: int = 0
    takes: int = 0
    reused: int = 0
    kept: int = 0
    kept_words: int = 0
    locked: int = 0
    unvoiced: int = 0
    mix_ms: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.wordings or self.takes or self.reused)

    @property
    def sentence(self) -> str:
        """All of it for a person: "New wordings drawn for 1 line, 1 take made; the next render mixes 12 s again. Nothing else."."""
        if not self.lines:
            return "No line is selected, so nothing would be redone."
        done = ", ".join(self._done())
        if not done:
            return " ".join(("Nothing would be redone.", *self._left()))
        mixed = f"; the next render mixes {self.mix_ms / 1000:.0f} s again" if self.mix_ms else ""
        return " ".join((f"{done[0].upper()}{done[1:]}{mixed}. Nothing else is redone.", *self._left()))

    def _done(self) -> Iterator[str]:
        if self.wordings:
            yield f"new wordings drawn for {_counted(self.wordings, 'line')}"
        if self.takes:
            yield f"{'at most ' if self.wordings > 1 else ''}{_counted(self.takes, 'take')} made"
        if self.reused:
            yield f"{_counted(self.reused, 'take')} used again as made before"

    def _left(self) -> Iterator[str]:
        if self.kept_words:
            yield f"{_counted(self.kept_words, 'line')} {'keeps' if self.kept_words == 1 else 'keep'} the words a person wrote."
        if self.kept and not (self.takes or self.wordings):
            yield f"{_counted(self.kept, 'take')} {'is' if self.kept == 1 else 'are'} up to date."
        if self.locked:
            yield f"{_counted(self.locked, 'line')} {'is' if self.locked == 1 else 'are'} locked."
        if self.unvoiced:
            yield f"{_counted(self.unvoiced, 'line')} {'has' if self.unvoiced == 1 else 'have'} no words or no voice to say them."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
