"""Chinese as pinyin tokens: initials ("zh0") and finals with their tone ("ang4"), after words are cut and numbers written out.

Enters: a stretch of Chinese text. Leaves: tokens; what is no Han character stays as it is, one token each. Tone sandhi and
polyphonic characters are pypinyin's (MIT), words are jieba's (MIT); both are loaded when first asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jieba import Tokenizer as WordCutter

_SYLLABLE = re.compile(r"[a-zA-ZüÜêÊ]+[1-5]")
_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_SCALES = ("", "万", "亿", "万亿", "亿亿")
_LONGEST_DIGITS = 4 * len(_SCALES)


class PinyinReader:
    """Reads Chinese text. Its dictionaries are loaded at the first text, in about a second, and are its own."""

    def __init__(self) -> None:
        self._cutter: WordCutter | None = None

    def tokens(self, text: str) -> list[str]:
        """Tokens of Chinese text, in order: "你好," → n0 i2 h0 ao3 ,. Nothing is dropped."""
        from pypinyin import Style, lazy_pinyin

        if self._cutter is None:
            self._cutter = _word_cutter()
        words = list(self._cutter.cut(spoken_chinese(text)))
        tokens: list[str] = []
        for syllable in lazy_pinyin(words, style=Style.TONE3, tone_sandhi=True, neutral_tone_with_five=True):
            tokens += syllable_tokens(syllable) if is_syllable(syllable) else list(syllable)
        return tokens


def is_syllable(text: str) -> bool:
    """Whether a text is a pinyin syllable with its tone as a digit: "zhang4", "le5"."""
    return _SYLLABLE.fullmatch(text) is not None


def syllable_tokens(syllable: str) -> list[str]:
    """"zhang4" → zh0 ang4; "ai4" → ai4. The digit keeps these tokens apart from phones of the same letters."""
    from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials

    initial = to_initials(syllable, strict=False)
    final = to_finals_tone3(syllable, strict=False, neutral_tone_with_five=True)
    return [token for token in (f"{initial}0" if initial else "", final) if token]


def _word_cutter() -> WordCutter:
    """jieba's dictionary, read from its package: its own cache is a file in a folder that others may write."""
    import jieba

    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return cutter


def spoken_chinese(text: str) -> str:
    """Text with its numbers as they are said: years digit by digit, percentages, fractions, degrees and amounts."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text


def chinese_number(digits: str) -> str:
    """A whole number in Han characters: "1005" → 一千零五, "12" → 十二. Very long ones are read digit by digit."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > _LONGEST_DIGITS:
        return _digit_by_digit(digits)
    groups = [digits[max(end - 4, 0) : end] for end in range(len(digits), 0, -4)]
    said, has_gap = "", False
    for place in reversed(range(len(groups))):
        group = groups[place].lstrip("0")
        if not group:
            has_gap = True
            continue
        needs_zero = said and (has_gap or len(group) < 4)
        said += (_DIGITS[0] if needs_zero else "") + _group(group) + _SCALES[place]
        has_gap = False
    return re.sub(r"^一十", "十", said) or _DIGITS[0]


def _group(digits: str) -> str:
    """Up to four digits without leading zeros: "305" → 三百零五."""
    said, is_gap = "", False
    for place, digit in zip(reversed(range(len(digits))), digits, strict=True):
        if digit == "0":
            is_gap = True
            continue
        said += (_DIGITS[0] if is_gap else "") + _DIGITS[int(digit)] + _PLACES[place]
        is_gap = False
    return said


def _digit_by_digit(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _amount(sign: str, whole: str, part: str | None) -> str:
    return ("负" if sign else "") + chinese_number(whole) + (f"点{_digit_by_digit(part)}" if part else "")


_RULES = (
    (re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)[-~～](?=\d+(?:\.\d+)?[%一-鿿])"), lambda match: f"{match[1]}到"),
    (re.compile(r"(?<!\d)(\d{4})(?=年)"), lambda match: _digit_by_digit(match[1])),
    (re.compile(r"(?<!\d)(\d{2})(?=年\d)"), lambda match: _digit_by_digit(match[1])),
    (re.compile(r"(\d+)/(\d+)"), lambda match: f"{chinese_number(match[2])}分之{chinese_number(match[1])}"),
    (re.compile(r"(?<![\d.])(-?)(\d+)(?:\.(\d+))?%"), lambda match: f"百分之{_amount(match[1], match[2], match[3])}"),
    (re.compile(r"(?<![\d.])(-?)(\d+)(?:\.(\d+))?℃"), lambda match: f"{_amount(match[1], match[2], match[3])}摄氏度"),
    (re.compile(r"(?<![\d.A-Za-z])(-?)(\d+)(?:\.(\d+))?"), lambda match: _amount(match[1], match[2], match[3])),
    (re.compile(r"\d+"), lambda match: chinese_number(match[0])),
)
