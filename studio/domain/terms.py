"""The glossary as a person types it: one `source = target` per line. Text in, pairs and complaints out; and pairs back to text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from studio.domain.settings import TranslationSettings

_META = next(item.metadata for item in fields(TranslationSettings) if item.name == "terms")
MAX_TERMS: int = _META["max_pairs"]
MAX_TERM_CHARS: int = _META["max_chars"]
_SHOWN_CHARS = 30


@dataclass(frozen=True, slots=True)
class TermList:
    """`pairs`: each source once, in the order written. `complaints`: one sentence per line that gave no pair, naming the line."""

    pairs: tuple[tuple[str, str], ...]
    complaints: tuple[str, ...]


def read_terms(text: str) -> TermList:
    """Lines of `source = target`; empty lines do not count, and what follows the first equals sign is the target.

    >>> read_terms("陈 = Chen\\n龙门").complaints
    ('Line 2, “龙门”, has no equals sign; write it as source = target.',)
    """
    pairs: dict[str, str] = {}
    complaints = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        source, sign, target = (part.strip() for part in line.partition("="))
        if problem := _problem(source, sign, target, pairs):
            complaints.append(f"Line {number}, “{_shown(line)}”, {problem}")
        else:
            pairs[source] = target
    return TermList(tuple(pairs.items()), tuple(complaints))


def write_terms(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs as `read_terms` reads them.

    >>> write_terms([("陈", "Chen")])
    '陈 = Chen'
    """
    return "\n".join(f"{source} = {target}" for source, target in pairs)


def _problem(source: str, sign: str, target: str, known: dict[str, str]) -> str | None:
    if not sign:
        return "has no equals sign; write it as source = target."
    if not source or not target:
        return f"has nothing {'before' if not source else 'after'} the equals sign; write it as source = target."
    if max(len(source), len(target)) > MAX_TERM_CHARS:
        return f"is too long; each side can hold {MAX_TERM_CHARS} characters."
    if known.get(source, target) != target:
        return f"gives “{_shown(source)}” a second translation; “{_shown(known[source])}” stays."
    if len(known) >= MAX_TERMS and source not in known:
        return f"is one too many; the list can hold {MAX_TERMS} terms."
    return None


def _shown(text: str) -> str:
    clean = text.strip()
    return clean if len(clean) <= _SHOWN_CHARS else f"{clean[:_SHOWN_CHARS]}…"
