"""Plain values of strangers: of the right kind, or told where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.plain import to_plain
from studio.domain.settings import Settings
from studio.domain.strict import Unfit, read
from studio.domain.timing import TimeSpan


class Side(StrEnum):
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    span: TimeSpan
    side: Side = Side.LEFT
    rate: Fraction | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    level: float = 0.0
    is_open: bool = False
    more: Mapping[str, Any] | None = None
    words: Sequence[str] = ()


BOX = Box("a", TimeSpan(1, 2), Side.LEFT, Fraction(24000, 1001), (("x", "y"),), 1.5, True, {"a": [1, None]}, ["b"])


def test_a_record_comes_back() -> None:
    assert read(Box, to_plain(BOX)) == BOX
    assert read(Settings, to_plain(Settings())) == Settings()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": 1}, "name"), ({"name": None}, "name"), ({"name": "x" * 1_000_001}, "name"),
        ({"span": {"start_ms": 5, "end_ms": 1}}, "span"), ({"span": {"start_ms": True, "end_ms": 9}}, "span.start_ms"), ({"span": []}, "span"),
        ({"side": "up"}, "side"), ({"side": {}}, "side"), ({"rate": "1/0"}, "rate"), ({"rate": "9" * 30_000}, "rate"), ({"rate": 1.5}, "rate"),
        ({"pairs": [["x"]]}, "pairs"), ({"pairs": [["x", "y", "z"]]}, "pairs"), ({"pairs": {"x": "y"}}, "pairs"), ({"level": float("inf")}, "level"), ({"level": 1e17}, "level"),
        ({"level": "1"}, "level"), ({"is_open": 1}, "is_open"), ({"other": 1}, "other"), ({"more": 1}, "more"), ({"words": "ab"}, "words"),
        ({"more": {"a": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}}, "deeply"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(change: dict, where: str) -> None:
    with pytest.raises(Unfit, match=where.replace(".", r"\.")):
        read(Box, to_plain(BOX) | change)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=20))
def test_anything_at_all_is_a_record_or_unfit(plain: object) -> None:
    try:
        assert isinstance(read(Box, plain), Box)
    except Unfit as error:
        assert str(error)


def test_a_whole_number_written_as_a_fraction_is_whole() -> None:
    assert read(int, 12.0) == 12
    with pytest.raises(Unfit):
        read(int, 12.5)
