"""The page's language where none of its modules run: on the login page. Enter: the language chosen in this browser, or what the browser asks for.
Leaves: a `Tongue` that says a text from the catalogues of assets/lang, as assets/js/words.js looks it up. A further language is a catalogue there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from studio.domain.person import PAGE_LANGUAGES

LANGUAGE_COOKIE = "lipline_language"
"""Set by whatever part of the page somebody chooses at; assets/js/words.js reads and writes the same one."""
TAGS = {"zh": "zh-Hans"}
STOPS = {"zh": "。"}
_HOLE = re.compile(r"\{([*#])(\d+)\}")
_HELD = {"*": "(.*?)", "#": r"([+\u2212-]?\d[\d.,:]*)"}  # anything; a number
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\d])")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language. `entries`: English → translation; {*0} or {#0} in a key is filled by anything."""

    code: str
    entries: dict[str, str]

    @property
    def tag(self) -> str:
        return TAGS.get(self.code, self.code)

    def said(self, text: str) -> str:
        """The text in this language, or as it is where the catalogue does not know it."""
        if not self.entries or not text:
            return text
        found = self._whole(text)
        if found is None and text.endswith(".") and (bare := self._whole(text[:-1])) is not None:
            found = bare + STOPS.get(self.code, ".")
        if found is not None:
            return found
        parts = _SENTENCES.split(text)
        return "".join(map(self.said, parts)) if len(parts) > 1 else text

    def _whole(self, text: str) -> str | None:
        if text in self.entries:
            return self.entries[text]
        holed = ((_HOLE.split(key), translation) for key, translation in self.entries.items() if "{" in key)
        fitting = [(parts, translation) for parts, translation in holed if all(part in text for part in parts[::3])]
        for parts, translation in sorted(fitting, key=lambda one: -len("".join(one[0][::3]))):  # what says most comes first
            between, kinds, names = parts[::3], parts[1::3], parts[2::3]
            expression = re.escape(between[0]) + "".join(_HELD[kind] + re.escape(after) for kind, after in zip(kinds, between[1:], strict=True))
            if match := re.fullmatch(expression, text, re.DOTALL):
                return self._filled(translation, dict(zip(names, match.groups(), strict=True)))
        return None

    def _filled(self, translation: str, held: dict[str, str]) -> str:
        """What is filled in may be words of the page too."""
        return _HOLE.sub(lambda hole: self.said(held.get(hole[2], hole[0])), translation)


def tongues(folder: Path) -> dict[str, Tongue]:
    """Every language of the page by its code. `folder`: assets/lang."""
    catalogues = {code: folder / f"{code}.json" for code in PAGE_LANGUAGES}
    return {code: Tongue(code, json.loads(path.read_text(encoding="utf-8")) if code != "en" else {}) for code, path in catalogues.items()}


def page_language(chosen: str, accepted: str) -> str:
    """`chosen`: the cookie; `accepted`: the header Accept-Language. English where the page speaks none of them.

    >>> page_language("", "de;q=0.9, zh-CN"), page_language("en", "zh"), page_language("xx", "fr")
    ('zh', 'en', 'en')
    """
    wished = sorted(((-_weight(part), at, part) for at, part in enumerate(accepted[:512].split(","))))
    for code in (chosen, *(part.split(";")[0].strip().split("-")[0].lower() for _, _, part in wished)):
        if code in PAGE_LANGUAGES:
            return code
    return next(iter(PAGE_LANGUAGES))


def _weight(part: str) -> float:
    found = re.search(r";\s*q=(\d(?:\.\d{1,3})?)", part)
    return float(found[1]) if found is not None else 1.0
