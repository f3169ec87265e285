"""Which legacy code page a text is in, by likelihood of its non-ASCII characters under simple models of languages.

A model gives a log-probability to each character: an alphabet is spread evenly over its letters (by case), a large script
over a few classes of characters. Bytes that a page cannot hold rule it out nearly. Add a language as one row in `_ALPHABETS`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log

_COMMON = "’‘“”„…–—«»♪°´·\u00a0€£¿¡©®ªº"
_FLOOR = log(1e-7)
# The commonest legacy page wins where a few letters are all there is; KOI8-U needs Ukrainian letters to win over KOI8-R.
_HEAD_START = {"windows-1252": 4.0, "koi8-u": -8.0}
_CASE_JUMP = re.compile(r"[^\W\d_](?<=[a-zà-öø-ÿα-ώа-яёђ-џ])(?=[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁЂ-Џ])")

# Letters in falling order of use; the first eight carry half of the weight.
_ALPHABETS: tuple[tuple[str, str], ...] = (
    ("windows-1252", "éàèêçôîùûâïëœæÿ"),  # French
    ("windows-1252", "äüöß"),  # German
    ("windows-1252", "óíáéñúü"),  # Spanish
    ("windows-1252", "ãçáéõíóêâúàôü"),  # Portuguese
    ("windows-1252", "èàòùéìîó"),  # Italian
    ("windows-1252", "åøæéöäè"),  # Danish, Norwegian
    ("windows-1252", "äåöé"),  # Swedish, Finnish
    ("windows-1252", "éëïèöüêáó"),  # Dutch
    ("windows-1252", "àèéíïòóúüçŀ"),  # Catalan
    ("windows-1252", "íáðþæéöóúý"),  # Icelandic
    ("windows-1250", "čšžćđ"),  # Croatian, Serbian in Latin letters
    ("windows-1250", "čšž"),  # Slovenian
    ("windows-1250", "íáéěýřščžůúťďňó"),  # Czech
    ("windows-1250", "áíéčýšžúľťôňďäóĺŕ"),  # Slovak
    ("windows-1250", "łęąóśżćńź"),  # Polish
    ("windows-1250", "éáőöóíűüú"),  # Hungarian
    ("windows-1250", "ăîşâţ"),  # Romanian
    ("iso-8859-2", "łęąóśżćńź"),
    ("iso-8859-2", "čšžćđ"),
    ("iso-8859-2", "íáéěýřščžůúťďňó"),
    ("windows-1254", "ıişğüçöâî"),  # Turkish
    ("windows-1257", "ėšžąųįčęū"),  # Lithuanian
    ("windows-1257", "āīēšūžņļģķč"),  # Latvian
    ("windows-1257", "äõüöšž"),  # Estonian
    ("windows-1258", "đươăâêôàáéíóúýèìòùãõ\u0300\u0301\u0303\u0309\u0323"),  # Vietnamese
    ("windows-1251", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),  # Russian
    ("windows-1251", "оаниевртсйлкупдмябгзьічшжхцїєющґф'"),  # Ukrainian
    ("windows-1251", "аоиенртсвлдкпмзгбуъйчжщхцяшюьф"),  # Bulgarian
    ("windows-1251", "аоиенрсјтвукдмплзгбшчцћжхњљђфџ"),  # Serbian, Macedonian
    ("koi8-r", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("koi8-u", "оаниевртсйлкупдмябгзьічшжхцїєющґф"),
    ("cp866", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("iso-8859-5", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("windows-1253", "αοτιεσνρηςπκμλίόάέυήδώθγχφβύωξζψϊ"),  # Greek
    ("iso-8859-7", "αοτιεσνρηςπκμλίόάέυήδώθγχφβύωξζψϊ"),
    ("windows-1255", "יולהאמתברשנעחדקפכםגטסזןצךףץ"),  # Hebrew
    ("windows-1256", "ايلمنوتربعكدهسفقةحجأشصخىطذءضغزثئإآظؤ،؟"),  # Arabic
    ("cp874", "านรอกเงมยลวดทส่้ัีะคไปหแบิุใจพ็ขชตำาโถผึซศ์ูืธฉภษณญฟฝฮฐฎฏฑฒฌฆ๊๋ๆฯ"),  # Thai
)


@dataclass(frozen=True, slots=True)
class _Model:
    page: str
    codec: str
    weigh: Callable[[str], float]
    is_cased: bool = False


def _alphabet_model(page: str, letters: str) -> _Model:
    head, tail = letters[:8], letters[8:]
    weights = {letter: (0.5 if tail else 0.9) * 0.92 / len(head) for letter in head}
    weights |= {letter: 0.4 * 0.92 / len(tail) for letter in tail}
    logs = {letter: log(weight) for letter, weight in weights.items()}
    logs |= {letter.upper(): log(weight * 0.08) for letter, weight in weights.items() if letter.upper() not in weights}
    logs |= {sign: log(0.05 / len(_COMMON)) for sign in _COMMON if sign not in logs}
    return _Model(page, page, lambda character: logs.get(character, _FLOOR), is_cased=True)


_ZH = frozenset("的一是不我了在人有他这你来们个上大说到么就去要那着为会可么没子好也下出和过得对生里后还什时心能看事想知道")
_TW = frozenset("的一是不我了在人有他這你來們個上大說到麼就去要那著為會可沒子好也下出和過得對生裡後還什時心能看事想知道")


def _han_model(page: str, codec: str, common: frozenset[str], first: int, last: int) -> _Model:
    """Han text: everyday characters, then the level of common characters (lead bytes first–last), then punctuation."""
    level = log(0.5 / ((last - first) * 94))

    def weigh(character: str) -> float:
        if character in common:
            return log(0.35 / len(common))
        if character in "，。！？、：；“”‘’…《》—～（）「」":
            return log(0.12 / 22)
        coded = character.encode(codec)
        if len(coded) != 2:
            return _FLOOR
        return level if first <= coded[0] <= last else log(0.03 / 6000)

    return _Model(page, codec, weigh)


def _kana_model(page: str, codec: str) -> _Model:
    def weigh(character: str) -> float:
        if "ぁ" <= character <= "ん":
            return log(0.5 / 83)
        if "ァ" <= character <= "ー":
            return log(0.15 / 90)
        if character in "、。！？「」『』…・～（）　":
            return log(0.08 / 14)
        if "一" <= character <= "鿿":
            return log(0.25 / 3500)
        return log(0.005 / 500) if "！" <= character <= "～" else _FLOOR

    return _Model(page, codec, weigh)


def _hangul(character: str) -> float:
    if "가" <= character <= "힣":
        return log(0.95 / 2350)
    if character in "…“”‘’·♪「」、。":
        return log(0.02 / 12)
    return log(0.02 / 5000) if "一" <= character <= "鿿" else _FLOOR


def _models() -> tuple[_Model, ...]:
    return (
        *(_alphabet_model(page, letters) for page, letters in _ALPHABETS),
        _han_model("gb18030", "gb18030", _ZH, 0xB0, 0xD7),
        _han_model("big5", "cp950", _TW, 0xA4, 0xC6),
        _kana_model("shift_jis", "cp932"),
        _kana_model("euc-jp", "euc_jp"),
        _Model("euc-kr", "cp949", _hangul),
    )


def likeliest_page(sample: bytes) -> str:
    """The code page under which the non-ASCII characters of `sample` are likeliest; windows-1252 where there are none."""
    texts: dict[str, str] = {}
    scores: list[tuple[float, str]] = []
    for model in _models():
        if model.codec not in texts:
            texts[model.codec] = sample.decode(model.codec, errors="replace")
        scores.append((_score(model, texts[model.codec]) + _HEAD_START.get(model.page, 0.0), model.page))
    best = max(score for score, _ in scores)
    return next(page for score, page in scores if score == best)


def _score(model: _Model, text: str) -> float:
    counts = Counter(text)
    total = 0.0
    for character, count in counts.items():
        if character == "\ufffd":
            total += 4 * _FLOOR * count
        elif character > "\x7f":
            total += model.weigh(character) * count
    return total - 4.0 * len(_CASE_JUMP.findall(text)) if model.is_cased else total
