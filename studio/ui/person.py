"""What the page asks about the person in front of it: their keys, their language. No Gradio, no HTTP.

Enter: the studio that speaks for them, and the JSON values of a change. Leave: a `PersonView`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.domain.errors import BadSetting
from studio.service import Studio


@dataclass(frozen=True, slots=True)
class PersonView:
    """`language` "": never chosen. `keys`: by command, only what differs from the defaults."""

    language: str
    keys: dict[str, tuple[str, ...]]


def person_view(studio: Studio) -> PersonView:
    kept = studio.person_settings()
    return PersonView(kept.language or "", {one.command: one.keys for one in kept.keys})


def change_person(studio: Studio, values: dict[str, Any]) -> PersonView:
    """`language`: a code, "" to follow the browser; `keys`: all that differ from the defaults. What is not named stays.
    Raises BadSetting."""
    if unknown := values.keys() - {"language", "keys"}:
        raise BadSetting(f"The page has no setting “{min(unknown)[:40]}”.")
    if "keys" in values:
        studio.set_keys(_keys(values["keys"]))
    if "language" in values:
        studio.set_language(_code(values["language"]))
    return person_view(studio)


def _code(given: Any) -> str | None:
    if not isinstance(given, str | None):
        raise BadSetting("A language is sent as its code, such as “en”.")
    return given or None


def _keys(given: Any) -> dict[str, list[str]]:
    if not isinstance(given, dict) or not all(isinstance(keys, list) for keys in given.values()):
        raise BadSetting("Keys are sent as lists by command.")
    return given
