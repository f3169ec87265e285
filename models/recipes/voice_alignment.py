"""When each token of a line is heard: from espeak-ng's own phone times, fitted to the words of a real recording where they are known.

Tokens are IPA code points with spaces and punctuation, as the espeak tokeniser makes them. Leaves: a start and an end in seconds for
every token. A phone's time is shared by its code points; spaces and punctuation last as long as the pause they stand for, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

import numpy as np

from models.speech.tokens import CLAUSE_ENDS, SPACE
from studio.engines.voice_protocols import Mark

STRESS = frozenset("ˈˌ")
STRESS_SHARE = 0.5  # a stress mark is heard through the vowel after it: half a code point's share of that phone


@dataclass(frozen=True, slots=True)
class TimedTokens:
    """`start_s`, `end_s`: (tokens,) float64, neither ever falling; token n ends no later than n + 1 starts."""

    tokens: tuple[str, ...]
    start_s: np.ndarray
    end_s: np.ndarray


@dataclass(frozen=True, slots=True)
class WordTime:
    start_s: float
    end_s: float
    word: str


def is_sounded(token: str) -> bool:
    """Whether a token is part of a phone: neither a space nor punctuation."""
    return token != SPACE and token not in CLAUSE_ENDS


def token_times(tokens: Sequence[str], phones: Sequence[Mark]) -> TimedTokens:
    """Times of tokens from the phones that espeak-ng spoke for the same text. Raises ValueError where they are not the same text."""
    spoken = [mark for mark in phones if mark.symbol]
    sounded = [place for place, token in enumerate(tokens) if is_sounded(token)]
    letters = [(letter, index) for index, mark in enumerate(spoken) for letter in mark.symbol]
    matcher = SequenceMatcher(None, [_stressless(tokens[place]) for place in sounded], [_stressless(letter) for letter, _ in letters], autojunk=False)
    if not sounded or not spoken or matcher.ratio() < 0.8:
        raise ValueError(f"The tokens “{''.join(tokens)}” are not what was spoken, “{''.join(mark.symbol for mark in spoken)}”.")
    phone_of: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            phone_of[sounded[block.a + step]] = letters[block.b + step][1]
    start_s, end_s = np.zeros(len(tokens)), np.zeros(len(tokens))
    groups = _groups(sounded, phone_of)
    for number, (phone, members) in enumerate(groups):
        last = groups[number + 1][0] - 1 if number + 1 < len(groups) else len(spoken) - 1
        first = phone if number else 0
        _share(tokens, members, (spoken[first].start_ms / 1000, spoken[max(first, last)].end_ms / 1000), (start_s, end_s))
    _pauses(tokens, start_s, end_s)
    return TimedTokens(tuple(tokens), start_s, end_s)


def _stressless(token: str) -> str:
    """All stress alike: a word said alone may carry another than the one espeak-ng writes."""
    return "ˈ" if token in STRESS else token


def _groups(sounded: Sequence[int], phone_of: dict[int, int]) -> list[tuple[int, list[int]]]:
    """Places of tokens by the phone they belong to; a token that matched none goes with the one before it."""
    phones, phone = [], phone_of[min(phone_of)]
    for place in sounded:
        phone = phone_of.get(place, phone)
        phones.append((phone, place))
    return [(phone, [place for _, place in members]) for phone, members in groupby(phones, key=lambda item: item[0])]


def _share(tokens: Sequence[str], members: Sequence[int], span_s: tuple[float, float], times: tuple[np.ndarray, np.ndarray]) -> None:
    shares = np.cumsum([0.0] + [STRESS_SHARE if tokens[place] in STRESS else 1.0 for place in members])
    edges = span_s[0] + (span_s[1] - span_s[0]) * shares / shares[-1]
    times[0][members], times[1][members] = edges[:-1], edges[1:]


def _pauses(tokens: Sequence[str], start_s: np.ndarray, end_s: np.ndarray) -> None:
    """Spaces and punctuation fill the time between the phones round them: the first of several takes it all. Those at the ends take none."""
    sounded = [place for place, token in enumerate(tokens) if is_sounded(token)]
    start_s[: sounded[0]] = end_s[: sounded[0]] = start_s[sounded[0]]
    start_s[sounded[-1] + 1 :] = end_s[sounded[-1] + 1 :] = end_s[sounded[-1]]
    for before, after in zip(sounded, sounded[1:], strict=False):
        if after > before + 1:
            start_s[before + 1] = end_s[before]
            start_s[before + 2 : after] = end_s[before + 1 : after] = start_s[after]


def word_groups(tokens: Sequence[str]) -> list[list[int]]:
    """Places of the sounded tokens of each word; words stand between spaces."""
    groups: list[list[int]] = [[]]
    for place, token in enumerate(tokens):
        if is_sounded(token):
            groups[-1].append(place)
        elif token == SPACE:
            groups.append([])
    return [group for group in groups if group]


def fitted_to_words(timed: TimedTokens, words: Sequence[WordTime]) -> TimedTokens:
    """The same tokens at the times of a recording: every word from its start to its end, its phones in their own proportion.

    Raises ValueError where the tokens make another count of words."""
    groups = word_groups(timed.tokens)
    if len(groups) != len(words):
        raise ValueError(f"“{''.join(timed.tokens)}” makes {len(groups)} words, the recording has {len(words)}: {' '.join(word.word for word in words)}.")
    start_s, end_s = np.zeros(len(timed.tokens)), np.zeros(len(timed.tokens))
    for group, word in zip(groups, words, strict=True):
        first, last = timed.start_s[group[0]], timed.end_s[group[-1]]
        scale = (word.end_s - word.start_s) / max(last - first, 1e-3)
        start_s[group] = word.start_s + (timed.start_s[group] - first) * scale
        end_s[group] = word.start_s + (timed.end_s[group] - first) * scale
    _pauses(timed.tokens, start_s, end_s)
    return TimedTokens(timed.tokens, start_s, end_s)


def stretched(timed: TimedTokens, start_s: float, end_s: float) -> TimedTokens:
    """The same tokens, evenly slower or faster, from `start_s` to `end_s`: a guess where no word times are known."""
    first, last = float(timed.start_s[0]), float(timed.end_s[-1])
    scale = (end_s - start_s) / max(last - first, 1e-3)
    return TimedTokens(timed.tokens, start_s + (timed.start_s - first) * scale, start_s + (timed.end_s - first) * scale)


def shifted(timed: TimedTokens, by_s: float) -> TimedTokens:
    return TimedTokens(timed.tokens, timed.start_s + by_s, timed.end_s + by_s)
