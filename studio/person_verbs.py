"""The verbs about what a person sets up for themselves: keys and the page's language. Part of `Studio`.

Enter: plain values of the one user the studio speaks for. Leave: `PersonSettings`. Everything raised is a StudioError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from studio.domain.person import KeyChoice, PersonSettings
from studio.workshop import Workshop


class PersonVerbs:
    _shop: Workshop
    user: str

    def person_settings(self) -> PersonSettings:
        return self._shop.people.get(self.user)

    def set_language(self, code: str | None) -> PersonSettings:
        """The language of the page; None follows the browser. Raises BadSetting for one the page does not speak."""
        return self._shop.people.change(self.user, lambda before: replace(before, language=code))

    def set_keys(self, keys: Mapping[str, Sequence[str]]) -> PersonSettings:
        """Keys by command that differ from the defaults; they replace all that were set before. Raises BadSetting."""
        choices = tuple(KeyChoice(command, tuple(chosen)) for command, chosen in sorted(keys.items()))
        return self._shop.people.change(self.user, lambda before: replace(before, keys=choices))
