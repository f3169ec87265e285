"""The desk's default keys, as its modules register them: no key means two things at once."""

from __future__ import annotations

import re
from collections import defaultdict

from studio.ui import look

COMMAND = re.compile(r'\b(?:command|add|play|time|take)\("([\w-]+)", (?:"[^"]*", \[([^\]]*)\]|\{ title: "[^"]*", group: "[^"]*", keys: \[([^\]]*)\])')
SHARED = {"Escape"}  # one step back out of whatever is open, in the order it was opened


def default_keys() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((look.ASSETS / "js").rglob("*.js")):
        for name, keys, more in COMMAND.findall(path.read_text(encoding="utf-8")):
            for key in re.findall(r'"([^"]+)"', keys or more):
                found[key].add(name)
    return found


def test_no_key_is_two_commands() -> None:
    keys = default_keys()
    assert len(keys) > 60 and "Space" in keys
    assert {key: names for key, names in keys.items() if len(names) > 1 and key not in SHARED} == {}
