"""House rules of a project that its settings hold beside the glossary: key phrases, and who says du or Sie to whom. Values and their limits.

Enter: plain texts, checked at birth. Leave: records that `domain/consistency.py` holds lines against and `domain/bible.py` carries on.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.errors import BadSetting

FAMILIAR, FORMAL = "familiar", "formal"
FORMS = (FAMILIAR, FORMAL)
MAX_PHRASES, MAX_PHRASE_CHARS = 200, 200
MAX_ADDRESSES, MAX_NAME_CHARS = 200, 120


@dataclass(frozen=True, slots=True)
class Address:
    """`speaker` addresses `to` in this form; an empty `to` is everybody without a rule of their own. Names as speakers are named."""

    speaker: str
    to: str
    form: str

    def __post_init__(self) -> None:
        for name in (self.speaker, self.to):
            if not isinstance(name, str) or len(name) > MAX_NAME_CHARS or len(name.splitlines()) > 1:
                raise BadSetting(f"A name in the forms of address is one line of at most {MAX_NAME_CHARS} characters.")
        if not self.speaker.strip():
            raise BadSetting("A form of address needs the name of who speaks.")
        if self.form not in FORMS:
            raise BadSetting(f"A form of address is {' or '.join(FORMS)}, not “{str(self.form)[:40]}”.")


@dataclass(frozen=True, slots=True)
class HouseSettings:
    """`phrases`: key names and phrases with their fixed rendering."""

    phrases: tuple[tuple[str, str], ...] = ()
    addresses: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        if len(self.phrases) > MAX_PHRASES:
            raise BadSetting(f"There is room for {MAX_PHRASES} key phrases, not {len(self.phrases)}; keep those that matter most.")
        if len(self.addresses) > MAX_ADDRESSES:
            raise BadSetting(f"There is room for {MAX_ADDRESSES} forms of address, not {len(self.addresses)}; keep those that matter most.")
        for text in (text for pair in self.phrases for text in pair):
            if not text.strip() or len(text) > MAX_PHRASE_CHARS or len(text.splitlines()) > 1:
                raise BadSetting(f"Each side of a key phrase is one line of 1 to {MAX_PHRASE_CHARS} characters; “{text[:60]}” is not.")
