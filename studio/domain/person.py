"""What a person sets up for themselves, whatever the project: the keys of the desk and the language of the page.

Enter: what their browser sends. Leave: `PersonSettings`, valid from birth. A setting more is a field here, with its default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.domain.errors import BadSetting

PAGE_LANGUAGES = {"en": "English", "zh": "中文"}
"""Each by its own name; the first is spoken where nobody wishes for another."""
MAX_COMMANDS = 200
MAX_KEYS = 8
_COMMAND = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KEY = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+){0,3}[^\s+\x00-\x1f\ud800-\udfff]{1,24}")


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The keys one command answers instead of its defaults; none at all is a choice too."""

    command: str
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.command, str) or not _COMMAND.fullmatch(self.command):
            raise BadSetting("A key was given to a command without a proper name; nothing was changed. Open the help with ? and choose again.")
        if len(self.keys) > MAX_KEYS:
            raise BadSetting(f"“{self.command}” has more than {MAX_KEYS} keys; take some away.")
        if not all(isinstance(key, str) and _KEY.fullmatch(key) for key in self.keys):
            raise BadSetting(f"“{self.command}” was given a key that is none; press another.")


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """`language` None: whatever the browser prefers."""

    language: str | None = None
    keys: tuple[KeyChoice, ...] = ()

    def __post_init__(self) -> None:
        if self.language is not None and self.language not in PAGE_LANGUAGES:
            raise BadSetting(f"The page does not speak “{str(self.language)[:20]}”; it speaks English (en) and Chinese (zh).")
        if len(self.keys) > MAX_COMMANDS or len({one.command for one in self.keys}) != len(self.keys):
            raise BadSetting("These keys name a command twice, or far too many; nothing was changed.")
