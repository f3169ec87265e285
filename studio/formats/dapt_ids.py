"""Ids of ours as xml:id and back: an xml:id is a name that begins with a letter and occurs once in the whole document.

`line-`, `character-` and `actor-` keep the kinds apart; what a name may not hold is written as its code point between underscores.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9.-]")
_CODED = re.compile(r"_([0-9a-f]{1,6})_")
_WRITTEN = re.compile(r"(?:[A-Za-z0-9.-]|_[0-9a-f]{1,6}_)*")
LINE, CHARACTER, ACTOR = "line-", "character-", "actor-"


def xml_id(prefix: str, own_id: str) -> str:
    """A valid xml:id that `own_id` can be read from again.

    >>> xml_id(LINE, "7 a"), own_id(LINE, xml_id(LINE, "7 a"))
    ('line-7_20_a', '7 a')
    """
    return prefix + "".join(one if _PLAIN.fullmatch(one) else f"_{ord(one):x}_" for one in own_id)


def own_id(prefix: str, key: str) -> str:
    """The id that `xml_id` wrote as `key`; a key that it did not write stands for itself."""
    if not key.startswith(prefix) or _WRITTEN.fullmatch(key, len(prefix)) is None:
        return key
    try:
        read = _CODED.sub(lambda found: chr(int(found[1], 16)), key[len(prefix) :])
    except (ValueError, OverflowError):
        return key
    return read if xml_id(prefix, read) == key else key
