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
        """All of it for a person, in short sentences: what is redone, that nothing else is, and what is left alone."""
        if not self.lines:
            return "No line is selected, so nothing would be redone."
        done = tuple(self._done())
        return " ".join((*done, "Nothing else is redone." if done else "Nothing would be redone.", *self._left()))

    def _done(self) -> Iterator[str]:
        if self.wordings:
            yield "New wordings are drawn for 1 line." if self.wordings == 1 else f"New wordings are drawn for {self.wordings} lines."
        if self.takes == 1:
            yield "1 take is made."
        elif self.takes:
            yield f"At most {self.takes} takes are made." if self.wordings else f"{self.takes} takes are made."
        if self.reused:
            yield "1 take made before is used again." if self.reused == 1 else f"{self.reused} takes made before are used again."
        if self.mix_ms:
            yield f"The next render mixes {self.mix_ms / 1000:.0f} s again."

    def _left(self) -> Iterator[str]:
        if self.kept_words:
            yield "1 line keeps the words a person wrote." if self.kept_words == 1 else f"{self.kept_words} lines keep the words a person wrote."
        if self.kept and not (self.takes or self.wordings):
            yield "1 take is up to date." if self.kept == 1 else f"{self.kept} takes are up to date."
        if self.locked:
            yield "1 line is locked." if self.locked == 1 else f"{self.locked} lines are locked."
        if self.unvoiced:
            yield "1 line has no words, or no voice to say them." if self.unvoiced == 1 else f"{self.unvoiced} lines have no words, or no voice to say them."
