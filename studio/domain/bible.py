"""The bible of a show: what its episodes share. Terms, key phrases, forms of address, and a sheet per character. Pure.

An episode that joins takes what the bible says beside its own rules; what an episode decided goes back with `merged`. Where two say
different things of the same words, the first one given stays, and a sentence names both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from studio.domain.character import CharacterSheet, Pair
from studio.domain.glossary import folded
from studio.domain.house import Address

MAX_SHOW_TERMS = 2_000
MAX_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Bible:
    """What all episodes in one pair of languages share."""

    source_language: str
    target_language: str
    terms: tuple[Pair, ...] = ()
    phrases: tuple[Pair, ...] = ()
    addresses: tuple[Address, ...] = ()
    characters: tuple[CharacterSheet, ...] = ()

    def sheet(self, name: str) -> CharacterSheet | None:
        """The sheet of a character, however the name is spelt in case and spaces."""
        wanted = folded(name)
        return next((one for one in self.characters if folded(one.name) == wanted), None)


@dataclass(frozen=True, slots=True)
class Show:
    """A series of episodes. `bibles`: one for each pair of languages it is dubbed in."""

    id: str
    owner: str
    name: str
    bibles: tuple[Bible, ...] = ()
    created_at: str = ""

    def bible(self, source_language: str, target_language: str) -> Bible:
        """The bible of a pair of languages; an empty one where nothing has been said yet."""
        pair = source_language, target_language
        return next((one for one in self.bibles if (one.source_language, one.target_language) == pair), Bible(*pair))

    def with_bible(self, bible: Bible) -> Show:
        pair = bible.source_language, bible.target_language
        others = tuple(one for one in self.bibles if (one.source_language, one.target_language) != pair)
        return replace(self, bibles=(*others, bible))


@dataclass(frozen=True, slots=True)
class Merged:
    """A bible out of two, and a sentence for everything that was said twice, differently, or found no room."""

    bible: Bible
    complaints: tuple[str, ...] = field(default=())


def merged(first: Bible, second: Bible) -> Merged:
    """All that either says; where both speak of the same, `first` stays."""
    complaints: list[str] = []
    terms = _pairs("The glossary", (*first.terms, *second.terms), complaints)
    phrases = _pairs("The list of key phrases", (*first.phrases, *second.phrases), complaints)
    addresses = _addresses((*first.addresses, *second.addresses), complaints)
    sheets = {folded(one.name): one for one in (*second.characters, *first.characters)}
    characters = tuple(_joined(first.sheet(one.name), second.sheet(one.name)) for one in sheets.values())
    for what, many, most in (("terms", len(terms), MAX_SHOW_TERMS), ("characters", len(characters), MAX_CHARACTERS)):
        if many > most:
            complaints.append(f"There is room for {most} {what}; {many - most} were left out.")
    return Merged(replace(first, terms=terms[:MAX_SHOW_TERMS], phrases=phrases, addresses=addresses, characters=characters[:MAX_CHARACTERS]), tuple(complaints))


def contradictions(pairs: Iterable[Pair], what: str = "The glossary") -> tuple[str, ...]:
    """A sentence for every source that is given a second, other target; the first is the one that counts."""
    complaints: list[str] = []
    _pairs(what, tuple(pairs), complaints)
    return tuple(complaints)


def _pairs(what: str, pairs: tuple[Pair, ...], complaints: list[str]) -> tuple[Pair, ...]:
    kept: dict[str, tuple[int, Pair]] = {}
    for number, pair in enumerate(pairs, start=1):
        place, stands = kept.setdefault(folded(pair[0]), (number, pair))
        if folded(stands[1]) != folded(pair[1]):
            complaints.append(f"{what} gives “{pair[0]}” twice: “{stands[1]}” in row {place} and “{pair[1]}” in row {number}; “{stands[1]}” stays.")
    return tuple(pair for _, pair in kept.values())


def _addresses(given: tuple[Address, ...], complaints: list[str]) -> tuple[Address, ...]:
    kept: dict[Pair, Address] = {}
    for one in given:
        stands = kept.setdefault((folded(one.speaker), folded(one.to)), one)
        if stands.form != one.form:
            to = one.to or "everybody"
            complaints.append(f"{one.speaker} is said to address {to} in a {stands.form} and in a {one.form} way; {stands.form} stays.")
    return tuple(kept.values())


def _joined(first: CharacterSheet | None, second: CharacterSheet | None) -> CharacterSheet:
    """One sheet of two of the same character: what `first` leaves open is as `second` says."""
    if first is None or second is None:
        sheet = first if first is not None else second
        assert sheet is not None, "a character has at least one sheet"
        return sheet
    return CharacterSheet(
        name=first.name,
        voice=first.voice if first.voice is not None else second.voice,
        min_pace=first.min_pace if first.min_pace is not None or first.max_pace is not None else second.min_pace,
        max_pace=first.max_pace if first.min_pace is not None or first.max_pace is not None else second.max_pace,
        register=first.register or second.register,
        forbidden=tuple(dict.fromkeys((*first.forbidden, *second.forbidden))),
        preferred=tuple(dict.fromkeys((*first.preferred, *second.preferred))),
        note=first.note or second.note,
    )
