"""What `--system` can name, read: our own systems, any model by folder or hub id, any translator of the rack.

Words in, `NamedSystem`s out; nothing is opened here. A new system of our own is a row in `_OWN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import BadSetting

GREEDY, BEST_OF_K = "greedy", "best-of-k"
AUTO, ALL = "auto", "all"
SCENE, ADAPTED, RACK = "scene", "adapted", "rack"


@dataclass(frozen=True, slots=True)
class NamedSystem:
    """`kind`: SCENE (a model in the line format: `model` and `adapter` are folders or hub ids, no model is the bundled one), ADAPTED (the
    bundled model under the bundled adapter) or RACK (`model` is a translator's name)."""

    name: str
    kind: str
    decode: str = GREEDY
    model: str = ""
    adapter: str | None = None
    is_prompted: bool = False


_OWN = (
    NamedSystem("sft", SCENE),
    NamedSystem("best-of-k", SCENE, BEST_OF_K),
    NamedSystem("prompt-only", SCENE, is_prompted=True),
    NamedSystem("sspo", ADAPTED),
    NamedSystem("sspo-best-of-k", ADAPTED, BEST_OF_K),
)


def named_systems(words: Sequence[str]) -> list[NamedSystem]:
    """One system per word, "all" for all of our own. Raises BadSetting for a name used twice and for a way to decode nobody knows.

    >>> named_systems(["tkld:best-of-k=base+runs/tkld"])[0].adapter
    'runs/tkld'
    """
    found = [system for word in words for system in (_OWN if word == ALL else (_named(word),))]
    names = [system.name for system in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadSetting(f"--system names {', '.join(sorted(twice))} more than once; give each a NAME of its own.")
    return found


def _named(word: str) -> NamedSystem:
    label, equals, place = word.partition("=")
    name, colon, decode = label.partition(":")
    if colon and decode not in (GREEDY, BEST_OF_K):
        raise BadSetting(f"“{decode}” in --system {word} is no way to decode; there are {GREEDY} and {BEST_OF_K}.")
    own = next((system for system in _OWN if system.name == word), None)
    if own is not None:
        return own
    if not equals:
        return NamedSystem(label, RACK, decode or GREEDY, name)
    if not name:
        raise BadSetting(f"--system {word} has no NAME before the “=”.")
    model, plus, adapter = place.partition("+")
    if not plus and _is_adapter(model):
        model, adapter = "", model
    for folder in filter(None, (model, adapter)):
        if folder.startswith((".", "/", "~")) and not Path(folder).expanduser().is_dir():
            raise BadSetting(f"There is no folder {folder}; --system {word} names one.")
    return NamedSystem(label, SCENE, decode or GREEDY, model, adapter or None)


def _is_adapter(folder: str) -> bool:
    return (Path(folder) / "adapter_config.json").is_file() and not (Path(folder) / "config.json").is_file()
