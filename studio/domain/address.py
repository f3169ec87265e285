"""Forms of address in a text: which words show that one person is addressed in a familiar or in a formal way. Text in, the word out.

Only what is certain counts: words that can mean something else (German “Sie” at the start of a sentence, French “ton”) do not.
`SHARED` words address several people as well, so they are certain only where one listener is present. To add a language: one row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.domain.house import FAMILIAR, FORMAL

_TOKEN = re.compile(r"[^\W\d_]+")
_NOT_AT_START = r"(?<=[\w,;)] )"  # within a sentence, where a capital letter means something


@dataclass(frozen=True, slots=True)
class Words:
    """Words that show a form. `pattern` finds one in a text and is asked only where one of the words stands there at all; `any_case`:
    capital letters mean nothing."""

    words: frozenset[str]
    pattern: re.Pattern[str]
    any_case: bool

    def found(self, text: str, tokens: frozenset[str], lowered: frozenset[str]) -> str | None:
        if self.words.isdisjoint(lowered if self.any_case else tokens):
            return None
        match = self.pattern.search(text)
        return None if match is None else match[0]


@dataclass(frozen=True, slots=True)
class Letters:
    """The same for scripts without spaces: a pattern that may stand anywhere."""

    pattern: re.Pattern[str]

    def found(self, text: str, tokens: frozenset[str], lowered: frozenset[str]) -> str | None:
        match = self.pattern.search(text)
        return None if match is None else match[0]


Finder = Words | Letters


@dataclass(frozen=True, slots=True)
class Markers:
    """How to find each form. `shared`: formal words that also address several. `names`: how the two forms are called in that language."""

    names: tuple[str, str]
    familiar: Finder | None = None
    formal: Finder | None = None
    shared: Finder | None = None


def _words(words: str, before: str = "", *, any_case: bool = True) -> Words:
    listed = words.split()
    pattern = rf"{before}\b(?:{'|'.join(listed)})\b"
    return Words(frozenset(listed), re.compile(pattern, re.IGNORECASE if any_case else 0), any_case)


def _capital(words: str) -> Words:
    """Words that mean it with a capital letter within a sentence only."""
    return _words(words, _NOT_AT_START, any_case=False)


_GERMAN_DU = "du dich dir dein deine deinem deinen deiner deines bist hast kannst willst musst sollst darfst wirst weißt magst möchtest"
_RUSSIAN_TY = "ты тебя тебе тобой твой твоя твоё твое твои твоего твоему твоей твою твоих"
_RUSSIAN_VY = "вы вас вам вами ваш ваша ваше ваши вашего вашему вашей вашу ваших"
_UKRAINIAN_TY = "ти тебе тобі тобою твій твоя твоє твої твого твоєму твою"
_NOT_SILENT = r"(?<!est )(?<!suis )(?<!sont )(?<!été )"  # « il s’est tu » addresses nobody
MARKERS: dict[str, Markers] = {
    "de": Markers(("du", "Sie"), _words(_GERMAN_DU), _capital("Sie Ihnen Ihr Ihre Ihrem Ihren Ihrer Ihres")),
    "fr": Markers(("tu", "vous"), _words("tu te toi ta tes tien tienne", _NOT_SILENT), None, _words("vous votre vos vôtre")),
    "es": Markers(("tú", "usted"), _words("tú te ti contigo tu tus tuyo tuya tuyos tuyas"), _words("usted")),
    "it": Markers(("tu", "Lei"), _words("tu te ti tuo tua tue tuoi"), _capital("Lei")),
    "pt": Markers(("tu", "o senhor"), _words("tu ti contigo teu teus tua tuas")),
    "nl": Markers(("je", "u"), _words("je jij jou jouw"), _words("u uw", any_case=False)),
    "ru": Markers(("ты", "вы"), _words(_RUSSIAN_TY), None, _words(_RUSSIAN_VY)),
    "uk": Markers(("ти", "ви"), _words(_UKRAINIAN_TY), None, _words("ви вас вам вами ваш ваша ваше ваші вашого вашому")),
    "pl": Markers(("ty", "pan/pani"), _words("ty ciebie cię tobie tobą twój twoja twoje twojego twojej")),
    "tr": Markers(("sen", "siz"), _words("sen seni sana senin seninle"), None, _words("siz sizi size sizin sizinle")),
    "id": Markers(("kamu", "Anda"), _words("kamu kau engkau"), _words("Anda", any_case=False)),
    "zh": Markers(("你", "您"), Letters(re.compile("(?<!迷)你")), Letters(re.compile("您"))),
    "th": Markers(("มึง", "คุณ/ท่าน"), Letters(re.compile("มึง(?![ัิ-ฺ็-๎])"))),
}


@dataclass(frozen=True, slots=True)
class Addressing:
    """A word that shows a form of address."""

    form: str
    word: str


def form_name(language: str, form: str) -> str:
    """How a form is called: "du" for the familiar one in German; the plain word where the language is not known here."""
    markers = MARKERS.get(language)
    return form if markers is None else markers.names[0 if form == FAMILIAR else 1]


def addressing(text: str, language: str, *, is_one_listener: bool) -> tuple[Addressing, ...]:
    """The first certain word of each form that a text holds, at most one per form."""
    markers = MARKERS.get(language)
    if markers is None:
        return ()
    tokens, lowered = frozenset(_TOKEN.findall(text)), frozenset(_TOKEN.findall(text.lower()))

    def word(finder: Finder | None) -> str | None:
        return None if finder is None else finder.found(text, tokens, lowered)

    formal = word(markers.formal) or (word(markers.shared) if is_one_listener else None)
    found = ((FAMILIAR, word(markers.familiar)), (FORMAL, formal))
    return tuple(Addressing(form, shown) for form, shown in found if shown is not None)


def what_is_checked(language: str) -> str:
    """A sentence for the page: what of the forms of address can be told apart in this language."""
    markers = MARKERS.get(language)
    if markers is None:
        return "Forms of address are kept for people to read; in this language no word shows them with certainty, so nothing is checked."
    checked = [name for name, is_there in zip(markers.names, (markers.familiar is not None, markers.formal is not None), strict=True) if is_there]
    shared = f" “{markers.names[1]}” is checked where one listener is present." if markers.shared is not None else ""
    said = f"Lines are checked for words that certainly mean {' or '.join(f'“{name}”' for name in checked)}, in scenes where it is clear who is spoken to."
    return said + shared
