"""English as it is said: abbreviations, sums, fractions, ordinals, years and numbers written out in words.

Enters: a line of text. Leaves: the line with every digit spelled, commas and hyphens inside numbers as in print. The
conventions are those that public English voices were trained on. A new abbreviation is one more row of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_DOTTED = {
    "st": "saint", "co": "company", "maj": "major", "gen": "general", "rev": "reverend", "lt": "lieutenant", "hon": "honorable",
    "esq": "esquire", "col": "colonel", "ft": "fort",
}  # fmt: skip
"""Short for something only with their dot: “col” and “hon” are words too."""
_ALWAYS = {
    "mrs": "misess", "mr": "mister", "dr": "doctor", "drs": "doctors", "jr": "junior", "sgt": "sergeant", "capt": "captain",
    "ltd": "limited", "etc": "et cetera", "btw": "by the way",
}  # fmt: skip
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion", " sextillion", " septillion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_LONGEST_DIGITS = 3 * len(_SCALES)
_MONEY = {"$": ("dollar", "dollars", "cent", "cents"), "£": ("pound", "pounds", "penny", "pence"), "€": ("euro", "euros", "cent", "cents")}


def spoken_english(text: str) -> str:
    """The line with abbreviations and numbers in words; what is neither stays as it is."""
    text = re.sub(r"\b[A-Za-z]+\b\.?", _expanded, text)
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return re.sub(r" +(?=[.,;:!?])", "", re.sub(r" {2,}", " ", text))


def number_words(number: int, *, joins_with_and: bool = False) -> str:
    """A whole number in words: 1234 → "one thousand, two hundred thirty-four" (with “and”: "two hundred and thirty-four").

    A number too long to name is read digit by digit.
    """
    digits = str(abs(number))
    if len(digits) > _LONGEST_DIGITS:
        return " ".join(_ONES[int(digit)] for digit in digits)
    groups = [int(digits[max(end - 3, 0) : end]) for end in range(len(digits), 0, -3)]
    named = [_hundreds(group, joins_with_and) + scale for group, scale in zip(groups, _SCALES, strict=False) if group]
    if len(named) > 1 and 0 < groups[0] < 100:  # "one thousand one", "one thousand and one"
        named[:2] = [f"{named[1]} {'and ' if joins_with_and else ''}{named[0]}"]
    words = ", ".join(reversed(named)) or _ONES[0]
    return f"minus {words}" if number < 0 else words


def ordinal_words(number: int) -> str:
    """1 → "first", 121 → "one hundred and twenty-first"."""
    words = number_words(number, joins_with_and=True)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:cut], words[cut:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def year_words(year: int) -> str:
    """1001 to 2999 as years are said: 1905 → "nineteen oh five", 2024 → "twenty twenty-four", 2005 → "two thousand five"."""
    if year == 2000 or 2000 < year < 2010:
        return "two thousand" + (f" {_ONES[year - 2000]}" if year > 2000 else "")
    century, rest = divmod(year, 100)
    if rest == 0:
        return f"{number_words(century)} hundred"
    return f"{number_words(century)} {f'oh {_ONES[rest]}' if rest < 10 else number_words(rest)}"


def _hundreds(group: int, joins_with_and: bool) -> str:
    hundreds, rest = divmod(group, 100)
    tens, ones = divmod(rest, 10)
    small = _ONES[rest] if rest < 20 else _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if not hundreds:
        return small
    return f"{_ONES[hundreds]} hundred" + (f" {'and ' if joins_with_and else ''}{small}" if rest else "")


def _expanded(match: re.Match[str]) -> str:
    """An abbreviation in words. Its dot goes with it, unless it ends the line too."""
    text = match[0]
    word, has_dot = text.rstrip(".").lower(), text.endswith(".")
    spoken = _ALWAYS.get(word) or (_DOTTED.get(word) if has_dot else None)
    if spoken is None:
        return text
    is_last = not match.string[match.end() :].strip("\"'”’) ")
    return spoken + ("." if has_dot and is_last else "")


def _money(match: re.Match[str]) -> str:
    sign, amount = match[1], match[2].replace(",", "")
    unit, units, part, parts = _MONEY[sign]
    whole, _, cents = amount.partition(".")
    if match[3] or (cents and len(cents) != 2):  # "$1.5 million"
        return f" {whole or 0}{'.' if cents else ''}{cents} {f'{match[3]} ' if match[3] else ''}{units} "
    said = [f"{int(whole)} {unit if int(whole) == 1 else units}"] if int(whole or 0) else []
    said += [f"{int(cents)} {part if int(cents) == 1 else parts}"] if int(cents or 0) else []
    return f" {', '.join(said) or f'zero {units}'} "


def _fraction(match: re.Match[str]) -> str:
    above, below = int(match[1]), int(match[2])
    if below in (2, 4):
        one, many = ("half", "halves") if below == 2 else ("quarter", "quarters")
        return f" {number_words(above, joins_with_and=True)} {one if above == 1 else many} "
    if below == 0:
        return f" {number_words(above)} over zero "
    return f" {number_words(above, joins_with_and=True)} {ordinal_words(below)}{'' if above == 1 else 's'} "


def _number(match: re.Match[str]) -> str:
    number = int(match[0])
    return f" {year_words(number) if 1000 < number < 3000 else number_words(number)} "


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![0-9])[0-9][0-9,]*,[0-9,]*[0-9]"), lambda match: match[0].replace(",", "")),
    (re.compile(r"([$£€])([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:\s(thousand|million|billion|trillion)\b)?"), _money),
    (re.compile(r"([0-9]+)/([0-9]+)"), _fraction),
    (re.compile(r"([0-9]*)\.([0-9]+)"), lambda match: f"{match[1]} point {match[2]}"),
    (re.compile(r"([0-9])\s?%"), lambda match: f"{match[1]} percent "),
    (re.compile(r"([0-9]+)(?:st|nd|rd|th)\b", re.IGNORECASE), lambda match: f" {ordinal_words(int(match[1]))} "),
    (re.compile(r"[0-9]+"), _number),
)
