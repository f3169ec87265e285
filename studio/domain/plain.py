"""Records to JSON-ready values and back, so that the store and the reports need no knowledge of any one record."""

from __future__ import annotations

import hashlib
import json
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints


def to_plain(value: Any) -> Any:
    """A dataclass tree as dicts, lists and scalars; a Fraction becomes "25/1", an Enum its value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return value.value if isinstance(value, Enum) else value


def from_plain(shape: Any, plain: Any) -> Any:
    """Rebuild a value of type `shape` from `to_plain`; unknown keys are dropped, missing ones take their defaults."""
    if plain is None:
        return None
    if get_origin(shape) in (tuple, list):
        return get_origin(shape)(from_plain(get_args(shape)[0], item) for item in plain)
    if isinstance(shape, types.UnionType):
        return from_plain(next(kind for kind in get_args(shape) if kind is not type(None)), plain)
    if isinstance(shape, type) and issubclass(shape, Fraction | Enum):
        return shape(plain)
    if not is_dataclass(shape):
        return plain
    hints = _hints(shape)
    known = [item.name for item in fields(shape) if item.init and item.name in plain]
    return shape(**{name: from_plain(hints[name], plain[name]) for name in known})


@cache  # a record's fields never change, and finding their types out costs more than all the rest
def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


def fingerprint(*values: Any) -> str:
    """sha256 over the canonical JSON of all inputs of a piece of work; equal inputs, equal key."""
    text = json.dumps([to_plain(value) for value in values], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
