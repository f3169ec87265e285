"""Plain values of strangers to records: every field of the right type and size, nothing unknown, or one sentence that says where.

`read` is to files from outside what `plain.from_plain` is to our own database, which may be believed.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints

from studio.domain.errors import UserError

MAX_TEXT_CHARS = 1_000_000
MAX_ITEMS = 200_000
MAX_INT = 2**53  # of all numbers: what JSON's readers agree on
MAX_DEPTH = 12  # of values that have no shape


class Unfit(ValueError):
    """What does not fit and where, such as "lines[3].span: …"."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where or 'the whole'} {what}")


def read(shape: Any, plain: Any, where: str = "") -> Any:
    """A value of type `shape`: a record, a scalar, tuples, lists and objects of them, None where that is allowed. Raises Unfit."""
    if isinstance(shape, types.UnionType):
        kinds = [kind for kind in get_args(shape) if kind is not type(None)]
        if plain is None and len(kinds) < len(get_args(shape)):
            return None
        return read(kinds[0], plain, where) if len(kinds) == 1 else _either(kinds, plain, where)
    if get_origin(shape) is tuple:
        return _items(get_args(shape), plain, where)
    if get_origin(shape) in (list, Sequence):
        return list(_items((get_args(shape)[0], ...), plain, where))
    if get_origin(shape) in (dict, Mapping):
        return _named(get_args(shape)[1], plain, where)
    if shape is Any:
        return _any(plain, where, 0)
    if is_dataclass(shape):
        return _record(shape, plain, where)
    if isinstance(shape, type) and issubclass(shape, Enum | Fraction):
        return _made(shape, plain, where)
    check = _SCALARS.get(shape)
    if shape is int and isinstance(plain, float) and plain.is_integer():
        plain = int(plain)  # JSON does not tell them apart
    if check is None or not check(plain):
        raise Unfit(where, f"is no {getattr(shape, '__name__', shape)} that can be kept")
    return float(plain) if shape is float else plain


def _either(kinds: list[Any], plain: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return read(kind, plain, where)
        except Unfit:
            continue
    raise Unfit(where, "is of none of the kinds it may be")


def _items(shapes: tuple[Any, ...], plain: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(plain, list) or len(plain) > MAX_ITEMS:
        raise Unfit(where, f"is no list of at most {MAX_ITEMS:,}")
    if len(shapes) == 2 and shapes[1] is Ellipsis:
        return tuple(read(shapes[0], item, f"{where}[{number}]") for number, item in enumerate(plain))
    if len(plain) != len(shapes):
        raise Unfit(where, f"holds {len(plain)} values instead of {len(shapes)}")
    return tuple(read(shape, item, f"{where}[{number}]") for number, (shape, item) in enumerate(zip(shapes, plain, strict=True)))


def _named(shape: Any, plain: Any, where: str) -> dict[str, Any]:
    if not isinstance(plain, dict) or len(plain) > MAX_ITEMS:
        raise Unfit(where, "is no object")
    return {read(str, name, where): read(shape, item, f"{where}.{name[:40]}") for name, item in plain.items()}


def _any(plain: Any, where: str, depth: int) -> Any:
    """Texts that can be stored and numbers that are ones, however they are nested; whoever takes them knows the rest."""
    if depth > MAX_DEPTH:
        raise Unfit(where, "is nested too deeply")
    if isinstance(plain, list):
        return [_any(item, where, depth + 1) for item in plain]
    if isinstance(plain, dict):
        return {read(str, name, where): _any(item, where, depth + 1) for name, item in plain.items()}
    return plain if plain is None else read(type(plain), plain, where)


def _record(shape: Any, plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        raise Unfit(where, "is no record")
    hints, known = get_type_hints(shape), [item for item in fields(shape) if item.init]
    if odd := plain.keys() - {item.name for item in known}:
        raise Unfit(where, f"holds “{str(min(odd))[:40]}”, which nobody knows; it may come from a later studio")
    for item in known:
        if item.name not in plain and item.default is MISSING and item.default_factory is MISSING:
            raise Unfit(where, f"lacks “{item.name}”")
    values = {item.name: read(hints[item.name], plain[item.name], f"{where}.{item.name}".lstrip(".")) for item in known if item.name in plain}
    return _made(lambda given: shape(**given), values, where)


def _made(make: Callable[[Any], Any], value: Any, where: str) -> Any:
    """The records' own checks count too; they speak of values, so the place is put before what they say."""
    if isinstance(make, type) and not isinstance(value, str | int):
        raise Unfit(where, f"is no {make.__name__}")
    if isinstance(value, str) and len(value) > MAX_TEXT_CHARS:
        raise Unfit(where, "is too long")
    try:
        return make(value)
    except (UserError, ValueError, TypeError, ArithmeticError, KeyError) as error:
        raise Unfit(where, f"cannot be kept ({str(error)[:200]})") from error


def _is_text(plain: Any) -> bool:
    return isinstance(plain, str) and len(plain) <= MAX_TEXT_CHARS


def _is_int(plain: Any) -> bool:
    return isinstance(plain, int) and not isinstance(plain, bool) and abs(plain) <= MAX_INT


def _is_float(plain: Any) -> bool:
    return _is_int(plain) or (isinstance(plain, float) and math.isfinite(plain) and abs(plain) <= MAX_INT)


_SCALARS: dict[Any, Callable[[Any], bool]] = {str: _is_text, int: _is_int, float: _is_float, bool: lambda plain: isinstance(plain, bool)}
