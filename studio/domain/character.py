"""Who speaks: a voice of a speech engine, and the sheet that says how a character talks.

Enter: plain values; what cannot be kept raises BadSetting. Leave: records that speakers (`domain/line.py`) and shows (`domain/bible.py`) hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.domain.errors import BadSetting

MAX_SHEET_TEXT_CHARS = 500
MAX_SHEET_WORDS = 60
MAX_WORD_CHARS = 60
MAX_PACE_PER_S = 30.0
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class VoiceRef:
    """A voice of a speech engine. `rate_ratio` 1.0 is the voice's natural rate; `pitch_ratio` likewise."""

    engine: str
    voice: str
    rate_ratio: float = 1.0
    pitch_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class CharacterSheet:
    """How a character speaks. `voice` None: none is fixed. `min_pace`, `max_pace`: syllables or characters a second (`domain/pace.py`),
    None where it does not matter. `register` and `note` are for people. `forbidden`: words they never say; `preferred`: (never, but)."""

    name: str
    voice: VoiceRef | None = None
    min_pace: float | None = None
    max_pace: float | None = None
    register: str = ""
    forbidden: tuple[str, ...] = ()
    preferred: tuple[Pair, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for pace in (self.min_pace, self.max_pace):
            if pace is not None and not (isinstance(pace, int | float) and 0 < pace <= MAX_PACE_PER_S):
                raise BadSetting(f"A pace lies above 0 and up to {MAX_PACE_PER_S:g} a second; leave it empty where it does not matter.")
        if self.min_pace is not None and self.max_pace is not None and self.min_pace > self.max_pace:
            raise BadSetting(f"The slowest pace of “{self.name}” is faster than the fastest; exchange the two.")
        if max(len(self.register), len(self.note)) > MAX_SHEET_TEXT_CHARS:
            raise BadSetting(f"Register and note of “{self.name}” can hold {MAX_SHEET_TEXT_CHARS} characters each; shorten them.")
        words = (*self.forbidden, *(word for pair in self.preferred for word in pair))
        if len(words) > 2 * MAX_SHEET_WORDS or any(not word.strip() or len(word) > MAX_WORD_CHARS for word in words):
            raise BadSetting(f"“{self.name}” can have {MAX_SHEET_WORDS} words, each of 1 to {MAX_WORD_CHARS} characters.")

    @property
    def is_blank(self) -> bool:
        return replace(self, name="") == CharacterSheet("")
