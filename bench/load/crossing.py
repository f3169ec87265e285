"""Whether anything reached somebody whom it does not belong to. Every project of the load has a word of its own in its texts, and a film
of its own; every answer a visitor gets is looked through. Enter: answers with who asked. Leave: sentences.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_CONSONANTS, _VOWELS, _SYLLABLES = "bdfgklmnprst", "aeiou", 5
CANARY = re.compile(rf"zq[{_VOWELS}](?:[{_CONSONANTS}][{_VOWELS}]){{{_SYLLABLES}}}".encode())
KEPT_ADDRESSES = 400


def canary(draw: random.Random) -> str:
    """A word that stands in no dictionary, and can be spoken in a second."""
    return "zq" + draw.choice(_VOWELS) + "".join(draw.choice(_CONSONANTS) + draw.choice(_VOWELS) for _ in range(_SYLLABLES))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody's address or call, which others may try."""

    user: str
    project_id: str
    method: str
    path: str
    body: bytes | None = None


class Border:
    """Who may see which project, and what was seen all the same. `words`: project ids by canary, `readers`: names by project id."""

    def __init__(self, words: Mapping[str, str], readers: Mapping[str, frozenset[str]]) -> None:
        self._words, self._readers = dict(words), dict(readers)
        self._ids = re.compile("|".join(sorted(self._readers)).encode()) if self._readers else re.compile(b"(?!)")
        self._lock = threading.Lock()
        self._crossed: list[str] = []
        self._bytes: dict[str, set[str]] = defaultdict(set)
        self._bodies: dict[tuple[str, str], str] = {}
        self._attempts: list[Attempt] = []
        self.looked_through = 0

    def look(self, user: str, path: str, body: bytes, *, asked_for: str = "") -> None:
        """One answer. `asked_for`: a project whose id the visitor sent, so that its echo tells nothing."""
        found = {self._words.get(word.decode(), word.decode()) for word in set(CANARY.findall(body))}
        ids = {one.decode() for one in set(self._ids.findall(body))} - {asked_for}
        strange = {one for one in found | ids if user not in self._readers.get(one, frozenset())}
        with self._lock:
            self.looked_through += 1
            self._crossed += [f"{user} got something of project {one[:8]} at {path}" for one in sorted(strange)]

    def file(self, user: str, project_id: str, path: str, body: bytes) -> None:
        """A whole media file. No two projects have a file in common, so the same bytes at two of them are one too many."""
        if not body:
            return
        mark = hashlib.sha256(body).hexdigest()
        with self._lock:
            self._bytes[mark].add(project_id)
            self._bodies[user, mark] = path

    def remember(self, attempt: Attempt) -> None:
        with self._lock:
            self._attempts.append(attempt)
            del self._attempts[:-KEPT_ADDRESSES]

    def strange_to(self, user: str, draw: random.Random) -> Attempt | None:
        """An address somebody else used just now, of a project that is not this visitor's."""
        with self._lock:
            others = [one for one in self._attempts if user not in self._readers.get(one.project_id, frozenset())]
        return draw.choice(others) if others else None

    def came_through(self, sentence: str) -> None:
        with self._lock:
            self._crossed.append(sentence)

    def crossed(self, owners: Mapping[str, set[str]] | None = None) -> list[str]:
        """Everything that went where it must not. `owners`: project ids by sha256 of the stored files."""
        with self._lock:
            found = list(self._crossed)
            found += [f"the same file was given out for projects {', '.join(sorted(one[:8] for one in ids))}" for ids in self._bytes.values() if len(ids) > 1]
            for (user, mark), path in self._bodies.items():
                whose = (owners or {}).get(mark, set())
                if whose and not any(user in self._readers.get(one, frozenset()) for one in whose):
                    found.append(f"{user} got a stored file of somebody else at {path}")
        return found
