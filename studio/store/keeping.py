"""How much may be kept how long on this studio: the defaults of `domain/settings.py`, and what an administrator has set instead.

Enter: the values of the studio. Leaves: a `Keeping`, the same for every server.
"""

from __future__ import annotations

from dataclasses import fields, replace

from studio.domain.errors import BadSetting
from studio.domain.settings import Keeping
from studio.store.server_values import ServerValues

NAME = "keeping"


class KeepingStore:
    def __init__(self, values: ServerValues) -> None:
        self._values = values

    def get(self) -> Keeping:
        names = {item.name for item in fields(Keeping)}
        return replace(Keeping(), **{name: value for name, value in self._values.get(NAME, {}).items() if name in names})

    def change(self, **changes: int) -> Keeping:
        """Set some of the measures; raises BadSetting for one that is out of range."""
        try:
            after = replace(self.get(), **changes)
        except TypeError as error:
            raise BadSetting(f"There is no such measure: {', '.join(changes)}.") from error
        defaults = Keeping()
        own = {item.name: getattr(after, item.name) for item in fields(Keeping) if getattr(after, item.name) != getattr(defaults, item.name)}
        self._values.put(NAME, own or None)
        return after
