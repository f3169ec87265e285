"""What a call of the page may carry, read off the method it calls: names and types, checked before anything is done with them.

Enter: the method and the JSON object somebody sent. Leave: the same values, fit to be passed, or BadSetting with a sentence: a page of another
version, or a stranger, is told what does not fit and is no fault of ours.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from studio.domain.errors import BadSetting, UserError
from studio.domain.strict import Unfit, read

_OLD_PAGE = "The page and the studio do not understand each other ({}); reload the page."


def fitted(call: Callable[..., Any], values: dict[str, Any]) -> dict[str, Any]:
    """`values` as keyword arguments of `call`, beside its first parameter. Raises BadSetting."""
    takes_all, shapes, required = _shapes(call)
    if (odd := values.keys() - shapes.keys()) and not takes_all:
        raise BadSetting(_OLD_PAGE.format(f"it sent “{str(min(odd))[:40]}”"))
    if missing := required - values.keys():
        raise BadSetting(_OLD_PAGE.format(f"it left out “{min(missing)}”"))
    try:
        return {name: read(shapes.get(name, Any), value, name[:40]) for name, value in values.items()}
    except Unfit as error:
        raise _sentence(error) from error


@cache  # a method's parameters never change
def _shapes(call: Callable[..., Any]) -> tuple[bool, dict[str, Any], frozenset[str]]:
    hints = get_type_hints(call)
    parameters = list(inspect.signature(call).parameters.values())[1:]
    named = {one.name: one for one in parameters if one.kind is not one.VAR_KEYWORD}
    return len(named) < len(parameters), {name: hints.get(name, Any) for name in named}, frozenset(name for name, one in named.items() if one.default is one.empty)


def record(shape: type, values: Any) -> Any:
    """A record of type `shape` of what somebody sent. Raises BadSetting."""
    try:
        return read(shape, values)
    except Unfit as error:
        raise _sentence(error) from error


def _sentence(error: Unfit) -> UserError:
    """What a record itself has to say of a value is meant for people; the rest is between page and studio."""
    return error.__cause__ if isinstance(error.__cause__, UserError) else BadSetting(_OLD_PAGE.format(str(error)[:200]))
