"""Texts as the tokens a speech net was trained on: `tokens.txt` read and written, tokens to ids, tokens to words.

Enters: a text (through a `Tokenizer`) or its tokens. Leaves: ids, and the ranges of tokens that are words and pauses.
Nothing unknown is dropped in silence: it is named, or raised. A new tokeniser is one more class with `tokens(text)`.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PAD = "_"
SPACE = " "
CLAUSE_ENDS = frozenset(",.;:!?…，。；：！？、")
_BRACKETS = frozenset('"«»“”()[]{}¿¡—–')  # not ' and -, which stand inside written words
_NAMED = 12


class UnspeakableText(ValueError):
    """A text that the voice cannot say as asked; the sentence says what is wrong with it and what would help."""


class Tokenizer(Protocol):
    """Cuts a text into tokens. Every tokeniser raises UnspeakableText for a text with nothing to say, and names
    the characters of a script that it cannot read."""

    def tokens(self, text: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class TokenIds:
    """`ids` of the tokens that the table has, and the others in `unknown`, each once, in order."""

    ids: tuple[int, ...]
    unknown: tuple[str, ...]


class TokenTable:
    """Tokens and their ids, 0 … n − 1, with the pad `_`. Raises ValueError for a table that no embedding fits."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self._ids = dict(ids)
        if PAD not in self._ids:
            raise ValueError(f"The token table has no pad token “{PAD}”; it is not a table of this kind of voice.")
        if sorted(self._ids.values()) != list(range(len(self._ids))):
            raise ValueError(f"The ids of the token table are not 0 to {len(self._ids) - 1}, each once; the embedding would not fit it.")
        self._tokens = tuple(sorted(self._ids, key=self._ids.__getitem__))

    @classmethod
    def of(cls, tokens: Iterable[str]) -> TokenTable:
        """A table of these tokens: the pad first, then every other one by code point, so that equal sets make equal tables."""
        return cls({token: place for place, token in enumerate([PAD, *sorted(set(tokens) - {PAD})])})

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    @property
    def pad_id(self) -> int:
        return self._ids[PAD]

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        return self._tokens

    def look_up(self, tokens: Sequence[str]) -> TokenIds:
        """Ids of what is known; what is not known stands in `unknown`, for the caller to say."""
        known = tuple(self._ids[token] for token in tokens if token in self._ids)
        return TokenIds(known, tuple(dict.fromkeys(token for token in tokens if token not in self._ids)))

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """One id for each token, in order. Raises UnspeakableText that names every token the table lacks."""
        found = self.look_up(tokens)
        if found.unknown:
            raise UnspeakableText(
                f"This voice has no token for {named(found.unknown)}; write the text without, or choose a voice of that language."
            )
        return list(found.ids)


def read_token_table(path: Path) -> TokenTable:
    """`tokens.txt`: one `token<TAB>id` a line. Raises ValueError with the line that is not, OSError where there is no file."""
    ids: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        token, tab, text = line.rstrip("\r").rpartition("\t")
        if not line.strip("\r"):
            continue
        if not tab or token == "" or not text.strip().isdecimal():
            raise ValueError(f"Line {number} of {path.name} is not “token<TAB>id”.")
        if token in ids:
            raise ValueError(f"Line {number} of {path.name} gives the token “{token}” a second id.")
        ids[token] = int(text)
    return TokenTable(ids)


def write_token_table(table: TokenTable, path: Path) -> None:
    """Write `tokens.txt` beside and move it into place."""
    beside = path.with_name(path.name + ".part")
    beside.write_text("".join(f"{token}\t{number}\n" for number, token in enumerate(table.tokens)), encoding="utf-8", newline="\n")
    os.replace(beside, path)


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """Tokens `first` to `last` (not included) of an utterance: one spoken word, or what stands between words."""

    first: int
    last: int
    is_word: bool

    def __len__(self) -> int:
        return self.last - self.first


def is_pause_token(token: str) -> bool:
    """Whether a token is a space, a clause mark, a quote or the pad: nothing that a mouth says."""
    return token == PAD or token.isspace() or token in CLAUSE_ENDS or token in _BRACKETS


def _is_spoken(token: str) -> bool:
    return token != PAD and any(character.isalnum() for character in token)


def is_syllable_token(token: str) -> bool:
    """Whether a token is a pinyin final ("ang4") or an initial ("zh0"): letters and one digit."""
    return len(token) > 1 and token[-1].isdigit() and token[:-1].isalpha()


def word_spans(tokens: Sequence[str]) -> list[TokenSpan]:
    """Every token in exactly one span, in order: words, and the runs of spaces and marks between them.

    Words of a phonemised language end at spaces and marks; a pinyin syllable is a word of its own, as Chinese has no spaces.
    espeak joins some words ("in the" is one); `word_spans_of` says which tokens belong to which written word.
    """
    spans: list[TokenSpan] = []
    first = 0
    for place in range(1, len(tokens) + 1):
        if place < len(tokens) and _belongs(tokens[place - 1], tokens[place]):
            continue
        if place > first:
            spans.append(TokenSpan(first, place, any(_is_spoken(token) for token in tokens[first:place])))
        first = place
    return spans


def _belongs(before: str, token: str) -> bool:
    """Whether `token` continues the span that `before` is in."""
    if is_pause_token(before) or is_pause_token(token):
        return is_pause_token(before) and is_pause_token(token)
    if is_syllable_token(token) or is_syllable_token(before):
        return before.endswith("0") and not token.endswith("0")  # a final follows its initial
    return True


def word_spans_of(tokens: Sequence[str], words: Sequence[Sequence[str]]) -> list[TokenSpan]:
    """The tokens of each written word: `words` holds every word's own tokens, phonemised alone, in order.

    One span per word, in order; a word whose sound the sentence swallows gets an empty span at its place. The cheapest
    edit of the words' own tokens into the utterance's decides, so joined and reduced words are told apart: "in the" =
    ɪnðə is ɪn + ðə. Raises ValueError where there is no word.
    """
    if not words:
        raise ValueError("There are no words to find among the tokens.")
    heard, places = _heard(tokens)
    alone = [entry for number, word in enumerate(words) for entry in [(number, SPACE), *((number, token) for token in _heard(word)[0])]]
    owners = _owners(heard, alone[1:])
    spans: list[TokenSpan] = []
    for number in range(len(words)):
        own = [place for place, token, owner in zip(places, heard, owners, strict=True) if owner == number and token != SPACE]
        at = spans[-1].last if spans else 0
        spans.append(TokenSpan(own[0], own[-1] + 1, True) if own else TokenSpan(at, at, True))
    return spans


def _heard(tokens: Sequence[str]) -> tuple[list[str], list[int]]:
    """The spoken tokens with their places, a space for each gap between words."""
    heard: list[str] = []
    places: list[int] = []
    for span in word_spans(tokens):
        inside = range(span.first, span.last)
        if span.is_word:
            heard += [tokens[place] for place in inside]
            places += inside
        elif heard:
            heard.append(SPACE)
            places.append(span.first)
    return (heard[:-1], places[:-1]) if heard and heard[-1] == SPACE else (heard, places)


def _owners(heard: Sequence[str], alone: Sequence[tuple[int, str]]) -> list[int]:
    """For each token heard the number of its word, by the cheapest edits of the words alone into what is heard."""
    signs = {token for token in {*heard, *(token for _, token in alone)} if _is_sign(token)}
    losses = [_loss(token, signs) for _, token in alone]
    before = [0.0, *itertools.accumulate(losses)]
    back: list[list[int]] = []  # per cell: 0 both move, 1 a sound is heard that no word has alone, 2 one is swallowed
    for token in heard:
        extra = _loss(token, signs)
        row, steps = [before[0] + extra], [1]
        for column, (_, other) in enumerate(alone):
            ways = (before[column] + _change(token, other, signs), before[column + 1] + extra, row[column] + losses[column])
            row.append(min(ways))
            steps.append(ways.index(row[-1]))
        before = row
        back.append(steps)
    owners = [0] * len(heard)
    place, column = len(heard), len(alone)
    while place and alone:
        step = back[place - 1][column]
        if step != 2:
            place -= 1
            owners[place] = alone[max(column - 1, 0)][0]
        if step != 1:
            column -= 1
    return owners


def _loss(token: str, signs: Collection[str]) -> float:
    """What it costs to leave a token out: least for a mark of stress or length, half for the gap of two joined words."""
    if token == SPACE:
        return 0.5
    return 0.25 if token in signs else 1.0


def _change(token: str, other: str, signs: Collection[str]) -> float:
    if token == other:
        return 0.0
    if SPACE in (token, other):
        return 3.0
    return 1.2 if (token in signs) == (other in signs) else 2.0


def _is_sign(token: str) -> bool:
    """Stress, length and other marks that colour a sound."""
    return all(unicodedata.category(character) in ("Lm", "Mn", "Sk") for character in token)


def named(tokens: Iterable[str]) -> str:
    """Tokens in a sentence: each in quotes, invisible ones by their Unicode name, a long list cut with its count."""
    shown = [_shown(token) for token in tokens]
    more = len(shown) - _NAMED
    return ", ".join(shown[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shown(token: str) -> str:
    if token.isprintable() and not token.isspace() and not unicodedata.category(token[0]).startswith("M"):
        return f"“{token}”"
    return " + ".join(unicodedata.name(character, f"U+{ord(character):04X}") for character in token)
